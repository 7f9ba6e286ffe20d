"""Directory: which user ids exist.

Flow: ids that somebody asks about -> **directory** -> relations.
"""

from collections.abc import Iterable

from django.db import router

from presence.conf import settings
from presence.models import LastSeen
from presence.service.names import accounts_of


def existing(users: Iterable[str]) -> set[str]:
    """Return those of `users` who exist: active accounts, and whoever else was ever here. Two queries.

    An account that was deactivated is gone, whenever it was here last. The setting DIRECTORY names a
    callable that knows better, where ids are somebody else's.
    """
    wanted = set(users)
    directory = settings().directory_of_ids()
    if directory is not None:
        return wanted & set(directory(wanted))
    accounts = {str(account.pk): account.is_active for account in accounts_of(wanted)}
    others = wanted - accounts.keys()
    found = {user for user, is_active in accounts.items() if is_active}
    if others:
        alias = router.db_for_write(LastSeen)
        rows = LastSeen.objects.using(alias).filter(user__in=others)
        found.update(rows.values_list("user", flat=True))
    return found

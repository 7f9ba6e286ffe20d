"""Directory: which user ids exist.

Flow: ids that somebody asks about -> **directory** -> relations.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import FieldError
from django.db import router

from presence.conf import settings
from presence.models import LastSeen
from presence.service.names import accounts_of

# Not every user model has it, which the stubs know.
_IS_ACTIVE: tuple[Any, ...] = ("is_active",)


def existing(users: Iterable[str]) -> set[str]:
    """Return those of `users` who exist: active accounts, and whoever else was ever here. Two queries.

    An account that was deactivated is gone, whenever it was here last. The setting DIRECTORY names a
    callable that knows better, where ids are somebody else's.
    """
    wanted = set(users)
    directory = settings().directory_of_ids()
    if directory is not None:
        return wanted & set(directory(wanted))
    accounts = _accounts(wanted)
    others = wanted - accounts.keys()
    found = {user for user, is_active in accounts.items() if is_active}
    if others:
        alias = router.db_for_write(LastSeen)
        rows = LastSeen.objects.using(alias).filter(user__in=others)
        found.update(rows.values_list("user", flat=True))
    return found


def _accounts(users: set[str]) -> dict[str, bool]:
    """Return the accounts among `users`, and whether each is active."""
    rows = accounts_of(users)
    try:
        # Values, not objects: an object for each of thousands who are read at once takes ten times as long.
        keys: list[tuple[Any, bool]] = list(rows.values_list("pk", *_IS_ACTIVE))
    except FieldError:  # a user model of the host's own need not keep it
        return {str(account.pk): account.is_active for account in rows}
    return {str(key): is_active for key, is_active in keys}

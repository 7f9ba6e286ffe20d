"""Names: what users are called, for those that this site's accounts know.

Flow: user ids -> **names** -> contacts, me, admin.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db.models import QuerySet


def names_of(users: Iterable[str]) -> dict[str, str]:
    """Return the user name of each of `users`, the id itself for whom this site has no account. One query."""
    wanted = list(users)
    accounts = accounts_of(wanted)
    found = {str(account.pk): account.get_username() for account in accounts}
    return {user: found.get(user, user) for user in wanted}


def accounts_of(users: Iterable[str]) -> QuerySet[AbstractBaseUser]:
    """Return the accounts of this site that ids among `users` name."""
    # A user model of the host's own need not call its manager `objects`.
    return get_user_model()._default_manager.filter(pk__in=_keys(users))  # noqa: SLF001 (Django documents it)


def _keys(users: Iterable[str]) -> list[Any]:
    """Return the primary keys that ids among `users` can be; the ids of others are left out.

    Only what reads back as the very same id counts: "007" is not account 7.
    """
    field = get_user_model()._meta.pk  # noqa: SLF001  (documented, in spite of its name)
    keys = []
    for user in users:
        try:
            key = field.to_python(user)
        except (ValidationError, ValueError):
            continue
        if str(key) == user:
            keys.append(key)
    return keys

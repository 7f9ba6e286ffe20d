"""Pairs: two users, and the lock under which what is between them changes.

Flow: contacts, privacy_rules -> **pair** -> Postgres.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, router, transaction

from presence.domain.ids import check_user
from presence.models import Contact
from presence.service.errors import Refused


def check_other(*, owner: str, other: str) -> None:
    """Refuse an `other` that cannot be a user, or that is `owner`.

    Whether such a user exists is not looked at: an answer would tell.

    Raises:
        Refused: with the field `user`.
    """
    try:
        check_user(other)
    except ValueError as error:
        raise Refused("user", str(error)) from None
    if owner == other:
        raise Refused("user", "this is yourself")


@contextmanager
def locked_pair(one: str, two: str) -> Iterator[None]:
    """Hold the only right to change what is between two users, until the transaction inside ends.

    Without it, two who ask each other at the same moment would both be left waiting for an answer.
    """
    alias = router.db_for_write(Contact)
    with transaction.atomic(using=alias):
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
                ["presence\x1f" + "\x1f".join(sorted((one, two)))],
            )
        yield

"""Reachable: who of some users would get a push while offline.

Flow: PushDevice -> **reachable** -> homes, faces.
"""

from collections.abc import Iterable

from presence.models import PushDevice


def pushable_among(users: Iterable[str]) -> set[str]:
    """Return those of `users` whom a push would reach. One query."""
    rows = PushDevice.objects.filter(user__in=set(users))
    return set(rows.values_list("user", flat=True))

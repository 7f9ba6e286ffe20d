"""Lookups: what naming people on a stream costs.

Flow: stream consumer (`users=`) -> **lookups** -> quotas: the same one that the API's look-ups are of.

A stream shows whom it names, so naming somebody is looking them up. Whoever opens the same stream again (it
rotates, a phone loses its network, a page is loaded anew) looks up nobody: only names that a viewer has not
named lately cost. Contacts, who have agreed, cost nothing.
"""

from time import monotonic

from presence.service.database import in_database
from presence.service.errors import Limited
from presence.service.quotas import wait_before

_AN_HOUR = 3_600.0
_REMEMBERED = 10_000  # viewers; with 1,000 names each about 80 MB, with 50 about 5


class Lookups:
    """Charges for names. One for each event loop, which remembers what it charged for."""

    def __init__(self, *, most: int) -> None:
        """Remember at most `most` names of a viewer, for an hour."""
        self._most = most
        self._named: dict[str, tuple[float, tuple[str, ...]]] = {}

    async def charge(self, *, viewer: str, users: tuple[str, ...]) -> None:
        """Take out of the quota of `viewer` what those of `users` cost who are new.

        Raises:
            Limited: the quota has not so many left.
        """
        if not users:
            return
        now = monotonic()
        until, before = self._named.get(viewer, (0.0, ()))
        if until <= now:
            until, before = now + _AN_HOUR, ()
        cost = len(set(users).difference(before, (viewer,)))
        if not cost:
            return
        # In a thread: Django's caches wait for their server.
        wait = await in_database(wait_before, scope="lookups", ident=viewer, cost=cost)
        if wait is not None:
            raise Limited("as many people as one may look up", retry_after=wait)
        self._named.pop(viewer, None)
        if len(self._named) >= _REMEMBERED:
            del self._named[next(iter(self._named))]
        # The very tuple that the stream keeps, as long as its viewer names no others: 500 bytes less for each.
        names = tuple(dict.fromkeys((*users, *before)))[: self._most] if before else users
        self._named[viewer] = (until, names)

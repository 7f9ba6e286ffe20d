"""Recent rules: between whom a rule of who may see whom has changed of late, as this process remembers it.

Flow: rules log -> **recent rules** -> watching: may a stream go on from its cursor, or does it need all anew?

The records say it as well (`Stamp.rules_at`), 200 of them for a stream with 200 contacts. That costs half a
millisecond for each stream, and after a deployment everybody comes back at once.
"""

from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter

from presence.domain.instant import Instant
from presence.live.connection import LiveUnavailableError
from presence.live.rules_log import KEPT, RulesLog
from presence.service.errors import Unavailable
from presence.service.gathering import Gathering

_ALL = "all"


class RecentRules:
    """What the log of rules holds. One for each event loop. Bound: twice the users of `KEPT` changes."""

    def __init__(self, log: RulesLog) -> None:
        """Read `log`, from its beginning when first asked."""
        self._log = log
        self._reading = Gathering(self._read, most=1)
        self._place = "0-0"
        self._known_from: Instant = 0  # before that the log may have forgotten
        self._changed_at: dict[str, Instant] = {}

    async def have_changed(
        self, groups: Iterable[Collection[str]], *, since: Instant
    ) -> bool | None:
        """Return whether a rule of a user in one of `groups` changed after `since`; None if that is too long ago.

        Raises:
            Unavailable: the live store did not answer.
        """
        try:
            await self._reading.get(_ALL)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        if since < self._known_from:
            return None
        changed_at = self._changed_at
        return any(
            changed_at[user] > since for group in groups for user in changed_at.keys() & group
        )

    async def _read(self, keys: Sequence[str]) -> dict[str, None]:
        """Read what is new in the log; `keys` is but the name of that."""
        read = []
        while changes := await self._log.after(self._place):
            read += changes
            self._place = changes[-1].place
        for change in read:
            self._changed_at.update(dict.fromkeys(change.users, change.at))
        if len(read) >= KEPT:  # more may have come meanwhile than the log keeps
            self._known_from = max(self._known_from, read[0].at)
        if len(self._changed_at) > 2 * KEPT:
            newest = sorted(self._changed_at.items(), key=itemgetter(1))[-KEPT:]
            self._known_from = max(self._known_from, newest[0][1])
            self._changed_at = dict(newest)
        return dict.fromkeys(keys)

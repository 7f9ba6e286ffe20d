"""Loading: records of the live store, many in one round trip.

Flow: applying -> **loading** -> records.load.

A storm of streams that come back asks for hundreds of records a second, one by one.
"""

from collections.abc import Sequence

from presence.live.records import Loaded, Records
from presence.service.gathering import Gathering

_TOGETHER = 100  # records; one script over so many takes about 1 ms


class Loading:
    """Loads records as of one instant of the store. One for each event loop."""

    def __init__(self, records: Records) -> None:
        """Read from `records`."""
        self._records = records
        self._gathering = Gathering(self._load, most=_TOGETHER)

    async def of(self, user: str) -> Loaded:
        """Return the record of `user`, an empty one for who is unknown; read after this call began.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        return await self._gathering.get(user)

    async def _load(self, users: Sequence[str]) -> dict[str, Loaded]:
        return dict(zip(users, await self._records.load(users), strict=True))

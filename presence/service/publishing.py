"""Publishing: telling every process what changed.

Flow: committed changes -> **publishing** -> bus.

Changes of one shard that commit within one turn of the event loop go out as one message. What the bus
does not take is not kept: hubs find the gap by its version and read the log.
"""

import asyncio

import structlog

from presence.live.bus import Bus, BusUnavailableError
from presence.live.records import Committed

log = structlog.get_logger(__name__)


class Publisher:
    """Sends commits over the bus, in order within a shard. One for each event loop.

    Bound: what one turn of the loop commits while a publication is on its way.
    """

    def __init__(self, bus: Bus) -> None:
        """Publish on `bus`."""
        self._bus = bus
        self._waiting: dict[int, list[Committed]] = {}
        self._task: asyncio.Task[None] | None = None

    def publish(self, committed: Committed) -> None:
        """Let every process know of `committed`; returns at once."""
        self._waiting.setdefault(committed.shard, []).append(committed)
        if self._task is None:
            self._task = asyncio.create_task(self._send())

    async def drained(self) -> None:
        """Return once everything handed over has been sent or lost."""
        while self._task is not None:
            await asyncio.shield(self._task)

    async def _send(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, {}
                for shard, commits in waiting.items():
                    try:
                        await self._bus.publish(shard, commits)
                    except BusUnavailableError as error:
                        log.warning("changes_not_published", shard=shard, reason=str(error))
        finally:
            self._task = None

"""Publishing: telling every process what changed.

Flow: committed changes -> **publishing** -> bus.

Changes of one shard that commit within one turn of the event loop go out as one message. What the bus
does not take is not kept: hubs find the gap by its version and read the log.
"""

import asyncio
from collections.abc import Awaitable

import structlog

from presence.live.bus import AlertsFired, Bus, BusUnavailableError, Notice, RoomsTouched
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
        self._rooms: set[str] = set()
        self._fired: list[AlertsFired] = []
        self._task: asyncio.Task[None] | None = None

    def publish(self, committed: Committed) -> None:
        """Let every process know of `committed`, and of the rooms it touched; returns at once."""
        if committed.payload is not None:
            self._waiting.setdefault(committed.shard, []).append(committed)
        self._rooms.update(committed.rooms)
        if not (self._waiting or self._rooms):
            return
        if self._task is None:
            self._task = asyncio.create_task(self._send())

    def tell(self, fired: AlertsFired) -> None:
        """Let every process know that an alert went off; returns at once."""
        self._fired.append(fired)
        if self._task is None:
            self._task = asyncio.create_task(self._send())

    async def drained(self) -> None:
        """Return once everything handed over has been sent or lost."""
        while self._task is not None:
            await asyncio.shield(self._task)

    async def _send(self) -> None:
        try:
            while self._waiting or self._rooms or self._fired:
                waiting, self._waiting = self._waiting, {}
                notices: list[Notice] = [*self._fired]
                if self._rooms:
                    notices.append(RoomsTouched(tuple(self._rooms)))
                self._rooms, self._fired = set(), []
                for shard, commits in waiting.items():
                    await self._guarded(self._bus.publish(shard, commits))
                for notice in notices:
                    await self._guarded(self._bus.notify(notice))
        finally:
            self._task = None

    async def _guarded(self, sending: Awaitable[None]) -> None:
        try:
            await sending
        except BusUnavailableError as error:
            log.warning("not_published", reason=str(error))

"""Publishing: telling every process what changed.

Flow: committed changes -> **publishing** -> bus.

A lone change goes out at once. Where changes keep coming they share messages, one every `pace`: each message
costs every process that hears it about 200 us, each change in it a tenth of that. Where so many processes
publish that hearing them all would take too much of each, all of them pause longer. What the bus does not take
is not kept: hubs find the gap by its version and read the log.
"""

import asyncio
from datetime import timedelta

import structlog

from presence.live.bus import AlertsFired, Bus, BusUnavailableError
from presence.live.records import Committed

log = structlog.get_logger(__name__)

# Messages that may go at once after a silence. So many changes a second that each goes alone, before they share:
# 40, with a pace of 25 ms.
_BURST = 8
# Messages a second that each process hears, a third of its time; beyond, everybody publishes less often.
_MOST_HEARD = 1_000
_WINDOW = 1.0  # seconds over which messages are counted
_LONGEST_PACE = 1.0  # seconds


class Publisher:
    """Sends commits over the bus, in order within a shard. One for each event loop.

    Bound: what the loop commits in one `pace` and while a publication is on its way.
    """

    def __init__(self, bus: Bus, *, pace: timedelta) -> None:
        """Publish on `bus`, at most one message every `pace` in the long run."""
        self._bus = bus
        self._least_pace = self._pace = pace.total_seconds()
        self._heard = 0
        self._counted_from = 0.0
        self._paid_until = 0.0  # loop time up to which messages that have gone take their turns
        self._waiting: dict[int, list[Committed]] = {}
        self._rooms: set[str] = set()
        self._fired: list[AlertsFired] = []
        self._task: asyncio.Task[None] | None = None

    def publish(self, committed: Committed) -> None:
        """Let every process know of `committed`, and of the rooms it touched; returns at once."""
        if committed.payload is not None:
            self._waiting.setdefault(committed.shard, []).append(committed)
        self._rooms.update(committed.rooms)
        if self._waiting or self._rooms:
            self._wake()

    def tell(self, fired: AlertsFired) -> None:
        """Let every process know that an alert went off; returns at once."""
        self._fired.append(fired)
        self._wake()

    def note_heard(self) -> None:
        """Count a message that this process heard, its own included: each process hears as many."""
        self._heard += 1

    async def drained(self) -> None:
        """Return once everything handed over has been sent or lost."""
        while self._task is not None:
            await asyncio.shield(self._task)

    def _wake(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._send())

    async def _send(self) -> None:
        try:
            while self._waiting or self._rooms or self._fired:
                await self._take_turn()
                waiting, self._waiting = self._waiting, {}
                rooms, self._rooms = self._rooms, set()
                fired, self._fired = self._fired, []
                try:
                    await self._bus.publish(waiting, rooms=rooms, fired=fired)
                except BusUnavailableError as error:
                    log.warning("not_published", reason=str(error))
        finally:
            self._task = None

    async def _take_turn(self) -> None:
        now = asyncio.get_running_loop().time()
        self._adapt(now)
        early = self._paid_until - _BURST * self._pace - now
        if early > 0:
            await asyncio.sleep(early)
        self._paid_until = max(self._paid_until, now) + self._pace

    def _adapt(self, now: float) -> None:
        """Let as many messages go as can be heard: every process does the same by what it hears."""
        counted_for = now - self._counted_from
        if counted_for >= _WINDOW:
            share = self._heard / counted_for / _MOST_HEARD
            self._pace = min(_LONGEST_PACE, max(self._least_pace, self._pace * share))
            self._heard, self._counted_from = 0, now

"""Batching: group commit for heartbeats. All that wait in this process go in one round trip.

Flow: heartbeats -> **batching** -> leases.renew -> Redis -> answers.

While one batch is on its way the next one gathers, so batches grow with the load and a lone heartbeat
waits for nobody. One script call for 100 renewals costs Redis about 6 us each, one by one 106 us.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from presence.domain.instant import Instant
from presence.domain.status import Status
from presence.live.connection import LiveUnavailableError
from presence.live.leases import Renewal

Renewed = tuple[Instant, Status | None]
Renew = Callable[[Sequence[Renewal]], Awaitable[tuple[Instant, list[Status | None]]]]

Answered = Callable[[Renewed | LiveUnavailableError], None]

# Under load at most one batch in so long: a round trip costs this process about 150 us whatever it carries,
# so at 20,000 heartbeats a second each bears 2 us of it, and waits 4 ms at most. A lone one never waits.
PACE = 0.004  # seconds
MAX_BATCH = 1_000  # keeps one script under about 3 ms, so that nobody else waits long for Redis
MAX_WAITING = 20_000  # beyond, the process is behind by whole seconds: refuse instead of queueing


class Batcher:
    """Gathers renewals and sends them together. One for each event loop.

    The queue is bounded by `MAX_WAITING`; a renewal that finds it full fails at once.
    """

    def __init__(self, renew: Renew) -> None:
        """Send batches through `renew`."""
        self._renew = renew
        self._waiting: list[tuple[Renewal, Answered]] = []
        self._sender: asyncio.Task[None] | None = None
        self._sent_at = 0.0

    def submit(self, renewal: Renewal) -> "asyncio.Future[Renewed]":
        """Return the future of when Redis renewed the lease and the user's status; None: no such lease.

        A caller that goes away does not take the batch with it. The future raises
        LiveUnavailableError when Redis did not answer, or when too many wait already.
        """
        future: asyncio.Future[Renewed] = asyncio.get_running_loop().create_future()

        def answered(result: Renewed | LiveUnavailableError) -> None:
            if future.done():  # cancelled: nobody waits any longer
                return
            if isinstance(result, LiveUnavailableError):
                future.set_exception(result)
            else:
                future.set_result(result)

        self.enqueue(renewal, answered)
        return future

    def enqueue(self, renewal: Renewal, answered: Answered) -> None:
        """Call `answered` with what `submit`'s future would hold: no future, no task, no turn of the loop.

        It must not raise, and is called at once when too many wait already.
        """
        if len(self._waiting) >= MAX_WAITING:
            answered(LiveUnavailableError(f"{MAX_WAITING} heartbeats wait already"))
            return
        self._waiting.append((renewal, answered))
        if self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._send())

    async def _send(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            while self._waiting:
                early = self._sent_at + PACE - loop.time()
                if early > 0 and len(self._waiting) < MAX_BATCH:
                    await asyncio.sleep(early)
                self._sent_at = loop.time()
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                await self._send_batch(batch)
        finally:
            self._sender = None

    async def _send_batch(self, batch: list[tuple[Renewal, Answered]]) -> None:
        try:
            now, statuses = await self._renew([renewal for renewal, _ in batch])
        except Exception as error:  # noqa: BLE001 (whoever waits must hear of it, whatever it is)
            unavailable = _unavailable(error)
            for _, answered in batch:
                answered(unavailable)
            return
        for (_, answered), status in zip(batch, statuses, strict=True):
            answered((now, status))


def _unavailable(error: Exception) -> LiveUnavailableError:
    if isinstance(error, LiveUnavailableError):
        return error
    return LiveUnavailableError(f"{type(error).__name__}: {error}")

"""Turnstile: how streams that come together are let in, so that they open together.

Flow: stream consumer -> **turnstile** -> admission, access, watching.

A stream opens by way of half a dozen questions to Redis and Postgres, each of which costs the same for one
stream as for many (Django takes 2 ms to write a query down). Whoever comes alone passes at once. After a deployment
hundreds come a second: they pass in waves, and a wave stays together from question to question (see `gathering`).
"""

import asyncio
from collections import deque
from collections.abc import Callable

from presence.service.errors import Unavailable

# Seconds between two waves; and after one of many, when the next should be of many too: at 500 streams a second 125
# share what one would cost alone.
_PACE = 0.1
_PACE_OF_MANY = 0.25
_MANY = 25
# Streams that are opened at once; more wait. Enough to share their questions, and few enough that thousands
# neither wait for a connection to Redis until it is given up, nor let a heartbeat wait until each had its turn.
_INSIDE = 200


class Turnstile:
    """Lets streams in. One for each event loop; `async with` it around what opens a stream.

    Bound: `is_full(waiting)` says whether one more may wait beside so many.
    """

    def __init__(self, *, is_full: Callable[[int], bool]) -> None:
        """Turn away who comes while `is_full`."""
        self._is_full = is_full
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._inside = 0
        self._next_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        """Wait for a turn.

        Raises:
            Unavailable: this process takes no more streams.
        """
        if self._is_full(len(self._waiting)):
            raise Unavailable("this process takes no more streams", retry_after=1)
        loop = asyncio.get_running_loop()
        now = loop.time()
        if not self._waiting and self._inside < _INSIDE and now >= self._next_at:
            self._inside += 1
            self._next_at = now + _PACE
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        self._set_timer()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # its turn had come already
                self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        """Make room for the next."""
        self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is None and self._waiting and self._inside < _INSIDE:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(self._next_at, loop.time()), self._let_in)

    def _let_in(self) -> None:
        self._timer = None
        before = self._inside
        while self._waiting and self._inside < _INSIDE:
            turn = self._waiting.popleft()
            if not turn.done():  # else its client is gone
                self._inside += 1
                turn.set_result(None)
        pace = _PACE if self._inside - before < _MANY else _PACE_OF_MANY
        self._next_at = asyncio.get_running_loop().time() + pace
        self._set_timer()

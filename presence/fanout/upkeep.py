"""Upkeep: what an open stream needs when nothing happens: keep-alives, and an end.

Flow: hub -> **upkeep** -> wheel -> sinks, or the stream's end. No timer of its own for any stream.
"""

import asyncio
from collections.abc import Callable

from presence.domain.cursor import Cursor
from presence.fanout.frames import KEEPALIVE, PING, cursor_frame
from presence.fanout.timing import Timing
from presence.fanout.watch import Watch
from presence.fanout.wheel import Wheel

_STEP = 1.0  # seconds; keep-alives and ends are a matter of seconds


class Upkeep:
    """Looks at each open stream once in a keep-alive interval: writes what it needs, or ends it."""

    def __init__(self, timing: Timing, cursor: Callable[[], Cursor]) -> None:
        """Keep clients at `cursor()` while nothing is written to them."""
        self._timing = timing
        self._cursor = cursor
        self._checks: Wheel[Watch] = Wheel(step=_STEP, fire=self._check)

    def add(self, watch: Watch, now: float) -> None:
        """Look after `watch` until it is closed. Its client has been told where it stands just now."""
        watch.cursor_sent = self._cursor()
        self._checks.add(watch, max(0.0, min(self._timing.keepalive, watch.expires_at - now)))

    def shut(self) -> None:
        """Look after nobody any more."""
        self._checks.close()

    def _check(self, watch: Watch) -> None:
        if watch.closed:
            return
        now = asyncio.get_running_loop().time()
        mailbox, timing = watch.mailbox, self._timing
        behind = bool(mailbox.pending) or not (mailbox.sink is None or mailbox.sink.is_idle)
        if behind and now - mailbox.progress_at >= timing.stall:
            watch.end("stalled")
            return
        if now >= watch.expires_at:
            watch.end("rotate")
            return
        silence = now - mailbox.progress_at
        if silence >= timing.keepalive - 0.5 and not behind:
            self._speak(watch, now)
            silence = 0.0
        pause = max(_STEP, timing.keepalive - silence)
        self._checks.add(watch, min(pause, max(_STEP, watch.expires_at - now)))

    def _speak(self, watch: Watch, now: float) -> None:
        cursor = self._cursor()
        if watch.cursor_sent == cursor:
            watch.mailbox.write(PING if watch.pings else KEEPALIVE, now)
        else:
            body = cursor_frame(cursor)
            watch.mailbox.write(body + PING if watch.pings else body, now)
            watch.cursor_sent = cursor

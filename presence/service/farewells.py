"""Farewells: how a client is sent away, and when it should come back.

Flow: rotate, drain, revoked, unavailable, limited -> **farewells** -> the last bytes of a stream.
"""

import random
from datetime import timedelta

from presence.domain.instant import milliseconds
from presence.fanout.frames import event_frame, retry_frame


class Farewells:
    """Words for the end of streams."""

    def __init__(self, *, retry: timedelta) -> None:
        """Have clients come back after about `retry`."""
        self.retry = milliseconds(retry)

    def goodbye(self, reason: str, *, wait: float = 0.0) -> bytes:
        """Return the event that sends a client away for `wait` seconds; each is given another time beyond it."""
        retry = int(wait * 1000 + self.retry * random.uniform(0.2, 1.8))
        return event_frame("goodbye", {"reason": reason, "retry_ms": retry})

    def apology(self, reason: str = "unavailable", *, wait: float = 0.0) -> bytes:
        """Return a whole stream for when none can be opened: any status but 200 ends EventSource."""
        # EventSource by itself heeds `retry` alone.
        return retry_frame(self.retry + int(wait * 1000)) + self.goodbye(reason, wait=wait)

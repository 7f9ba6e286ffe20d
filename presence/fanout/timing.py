"""Timing: how long things take in the hub.

Flow: settings -> **timing** -> hub, upkeep.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The hub's durations, in seconds."""

    flush: float
    keepalive: float
    stall: float

    @classmethod
    def of(cls, *, flush: timedelta, keepalive: timedelta, stall: timedelta) -> "Timing":
        """Return the timing that these durations name."""
        return cls(
            flush=flush.total_seconds(),
            keepalive=keepalive.total_seconds(),
            stall=stall.total_seconds(),
        )

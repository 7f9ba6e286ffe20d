"""Policy: every duration and limit of the rules, with the relations that must hold between them.

Flow: conf -> **policy** -> transitions, service.

The defaults are those of docs/operations.md; each relation names why it must hold, and a policy that
breaks one cannot be built.
"""

from dataclasses import dataclass
from datetime import timedelta

from presence.domain.instant import milliseconds
from presence.domain.status import Activity

_SECOND = timedelta(seconds=1)


class ImpossiblePolicyError(ValueError):
    """Two settings contradict each other. The message names both, with their values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules' numbers.

    Raises:
        ImpossiblePolicyError: a relation between two of them does not hold.
    """

    heartbeat_interval: timedelta = 25 * _SECOND
    hidden_heartbeat_interval: timedelta = 60 * _SECOND
    jitter: float = 0.2
    lease_after: timedelta = 60 * _SECOND
    hidden_lease_after: timedelta = 150 * _SECOND
    stream_lease_after: timedelta = 60 * _SECOND
    stream_renewal_interval: timedelta = 20 * _SECOND
    idle_after: timedelta = timedelta(minutes=5)
    leave_grace: timedelta = 10 * _SECOND
    forget_after: timedelta = timedelta(days=1)
    max_sessions: int = 32
    max_rooms: int = 20
    max_claims: int = 8

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, timedelta) and value < timedelta(0):
                raise ImpossiblePolicyError(f"{name} ({value}) cannot be negative")
            if isinstance(value, int) and not isinstance(value, bool) and value < 1:
                raise ImpossiblePolicyError(f"{name} ({value}) must be at least 1")
        if not 0 <= self.jitter <= 0.5:
            raise ImpossiblePolicyError(f"jitter ({self.jitter}) must lie between 0 and 0.5")
        if self.heartbeat_interval <= timedelta(0) or self.stream_renewal_interval <= timedelta(0):
            raise ImpossiblePolicyError(
                "heartbeat_interval and stream_renewal_interval must be > 0"
            )
        # One beat may be lost without anybody flickering: two intervals, stretched by the jitter.
        self._holds_two("heartbeat_interval", "lease_after", 1 + self.jitter)
        self._holds_two("hidden_heartbeat_interval", "hidden_lease_after", 1 + self.jitter)
        self._holds_two("stream_renewal_interval", "stream_lease_after", 1)
        # A session that beats as active is not idle before its lease could end: no timer per beat.
        if self.idle_after < self.lease_after:
            raise self._contradiction("idle_after", "lease_after", "at least")
        if self.leave_grace > self.lease_after:
            raise self._contradiction("leave_grace", "lease_after", "at most")
        if self.forget_after < self.hidden_lease_after:
            raise self._contradiction("forget_after", "hidden_lease_after", "at least")

    def lease_for(self, activity: Activity) -> int:
        """Return how many milliseconds a heartbeat that reports `activity` proves life for."""
        if activity is Activity.HIDDEN:
            return milliseconds(self.hidden_lease_after)
        return milliseconds(self.lease_after)

    def next_beat_for(self, activity: Activity, roll: float) -> int:
        """Return in how many milliseconds the next heartbeat is due; `roll` in [0, 1) spreads it."""
        hidden = activity is Activity.HIDDEN
        interval = self.hidden_heartbeat_interval if hidden else self.heartbeat_interval
        return int(milliseconds(interval) * (1 - self.jitter + 2 * self.jitter * roll))

    def _holds_two(self, interval: str, lease: str, stretch: float) -> None:
        if getattr(self, interval) * stretch * 2 > getattr(self, lease):
            raise self._contradiction(lease, interval, f"at least {2 * stretch:g} times")

    def _contradiction(self, name: str, other: str, relation: str) -> ImpossiblePolicyError:
        return ImpossiblePolicyError(
            f"{name} ({getattr(self, name)}) must be {relation} {other} ({getattr(self, other)})"
        )

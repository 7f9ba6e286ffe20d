"""Session: one tab, app or device of a user, and the proofs of life that keep it.

Flow: heartbeat, stream -> **session** (within the record) -> derivation.

A session lives as long as one of its two leases: the one that heartbeats renew (`beat_until`) and the
one that the process owning its open stream renews (`stream_until`). Renewals on the hot path touch
only those deadlines, so the instants a renewal implies are read back out of them.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from presence.domain.instant import Instant, milliseconds
from presence.domain.policy import Policy
from presence.domain.status import Activity, Device


class Phase(StrEnum):
    """Where a session is in its life."""

    ABSENT = "absent"
    PRESENT = "present"
    LEAVING = "leaving"  # said goodbye or lost its stream; ends with the grace unless it returns


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session, its last report and its deadlines."""

    id: str
    device: Device
    activity: Activity
    rooms: tuple[str, ...] = ()
    since: Instant
    seen_at: Instant
    active_at: Instant
    leaving: bool = False
    stream: str | None = None
    beat_until: Instant | None = None
    stream_until: Instant | None = None

    def proven_at(self, policy: Policy) -> Instant:
        """Return the last proof of life: the last renewal, of whichever lease, or the leave."""
        proofs = [self.seen_at]
        if self.beat_until is not None and not self.leaving:
            proofs.append(self.beat_until - policy.lease_for(self.activity))
        if self.stream_until is not None:
            proofs.append(self.stream_until - milliseconds(policy.stream_lease_after))
        return max(proofs)

    def last_active_at(self, policy: Policy) -> Instant:
        """Return when the session last reported to be active."""
        if self.activity is Activity.ACTIVE and self.beat_until is not None and not self.leaving:
            return max(self.active_at, self.beat_until - policy.lease_for(self.activity))
        return self.active_at

    def idles_at(self, policy: Policy) -> Instant:
        """Return when the session turns idle if it reports nothing more."""
        if self.activity is Activity.IDLE:
            return self.active_at  # a client that says idle says that the time has passed
        return self.last_active_at(policy) + milliseconds(policy.idle_after)

    def is_idle(self, now: Instant, policy: Policy) -> bool:
        """Return whether the session counts as idle at `now`."""
        return self.activity is Activity.IDLE or self.idles_at(policy) <= now

    def folded(self, policy: Policy) -> "Session":
        """Return the session with what its deadlines imply written down, before they change."""
        return replace(self, seen_at=self.proven_at(policy), active_at=self.last_active_at(policy))


def phase_of(session: Session | None) -> Phase:
    """Return the phase of `session`; None is a session that nobody knows."""
    if session is None:
        return Phase.ABSENT
    return Phase.LEAVING if session.leaving else Phase.PRESENT

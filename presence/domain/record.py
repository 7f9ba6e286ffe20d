"""Record: all that is known live about one user.

Flow: live store -> **record** + signal -> transitions -> record -> live store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from presence.domain.claim import Claim
from presence.domain.face import UNSEEN, Face
from presence.domain.instant import Instant
from presence.domain.message import Message
from presence.domain.policy import Policy
from presence.domain.session import Session
from presence.domain.status import Activity, Availability, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the user chose, and until when; after `until` it is `AUTO` again."""

    availability: Availability = Availability.AUTO
    until: Instant | None = None

    def is_over(self, now: Instant) -> bool:
        """Return whether the choice has ended."""
        return self.until is not None and self.until <= now


AUTOMATIC = Choice()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One user, live.

    `face` is what others were last shown. `veiled` is set when the user turns invisible and stays
    until others see the user reachable again: meanwhile nothing the user does may alter the face.
    `proven_at` is the newest proof of life of a session that has ended. `is_pushable`: a device is
    registered for push.
    """

    user: str
    sessions: Mapping[str, Session] = field(default_factory=dict)
    choice: Choice = AUTOMATIC
    message: Message | None = None
    claims: Mapping[str, Claim] = field(default_factory=dict)
    face: Face = UNSEEN
    veiled: bool = False
    proven_at: Instant | None = None
    is_pushable: bool = False

    def due_at(self, now: Instant, policy: Policy) -> Instant | None:
        """Return when time alone next changes this record, leases apart; None if never.

        A session that beats as active is not waited for: its lease ends before it could turn idle
        (a relation the policy holds), and the end of the lease looks again.
        """
        shown, written = self.face.message, self.message
        ends = [self.choice.until, shown.until if shown else None]
        ends.append(written.until if written else None)
        ends.extend(claim.until for claim in self.claims.values())
        for session in self.sessions.values():
            beats = session.beat_until is not None and not session.leaving
            is_watched = beats and session.activity is Activity.ACTIVE
            if not is_watched and not session.is_idle(now, policy):
                ends.append(session.idles_at(policy))
        return min((end for end in ends if end is not None), default=None)

    @property
    def is_forgettable(self) -> bool:
        """Return whether nothing here is worth keeping once the user has been away for long."""
        return not (self.sessions or self.claims or self.message or self.veiled) and (
            self.choice == AUTOMATIC
        )

    def visible_rooms(self) -> frozenset[str]:
        """Return the rooms in which others see the user: none while the user looks offline."""
        if self.face.status is Status.OFFLINE:
            return frozenset()
        return frozenset(room for session in self.sessions.values() for room in session.rooms)

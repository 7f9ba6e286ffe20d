"""Derivation: the status of a record, and the rule that decided it.

Flow: record + now -> **derivation** -> face; the answer to "why am I away?".

Precedence, first match wins: no session; the user's own choice; the strongest claim; the most
available session.
"""

from dataclasses import dataclass
from enum import StrEnum

from presence.domain.claim import Claim
from presence.domain.instant import Instant
from presence.domain.policy import Policy
from presence.domain.record import Record
from presence.domain.status import Availability, Status


class Rule(StrEnum):
    """Which rule decided the status."""

    NO_SESSION = "no_session"
    CHOICE = "choice"
    CLAIM = "claim"
    ACTIVE_SESSION = "active_session"
    ALL_IDLE = "all_idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """The status that holds, before invisibility, and why.

    `invisible` says that everyone else is shown `offline`. `by` names the session or application
    that decided, where one did.
    """

    status: Status
    rule: Rule
    by: str | None = None
    invisible: bool = False


_CHOSEN = {Availability.AWAY: Status.AWAY, Availability.BUSY: Status.BUSY}


def derive(record: Record, now: Instant, policy: Policy) -> Derivation:
    """Return the status of `record` at `now`. Sessions count until a sweep has ended them."""
    if not record.sessions:
        return Derivation(status=Status.OFFLINE, rule=Rule.NO_SESSION)
    availability = record.choice.availability
    if record.choice.is_over(now):
        availability = Availability.AUTO
    if availability in _CHOSEN:
        return Derivation(status=_CHOSEN[availability], rule=Rule.CHOICE)
    derivation = _unchosen(record, now, policy)
    if availability is Availability.INVISIBLE:
        return Derivation(
            status=derivation.status, rule=Rule.CHOICE, by=derivation.by, invisible=True
        )
    return derivation


def strongest_claim(record: Record, now: Instant) -> Claim | None:
    """Return the claim that counts at `now`: highest priority, then youngest, then by name."""
    running = [claim for claim in record.claims.values() if not claim.is_over(now)]
    return max(running, key=lambda claim: (claim.priority, claim.since, claim.app), default=None)


def _unchosen(record: Record, now: Instant, policy: Policy) -> Derivation:
    claim = strongest_claim(record, now)
    if claim is not None:
        return Derivation(status=claim.status, rule=Rule.CLAIM, by=claim.app)
    awake = [each for each in record.sessions.values() if not each.is_idle(now, policy)]
    if awake:
        youngest = max(awake, key=lambda each: (each.last_active_at(policy), each.id))
        return Derivation(status=Status.ONLINE, rule=Rule.ACTIVE_SESSION, by=youngest.id)
    return Derivation(status=Status.AWAY, rule=Rule.ALL_IDLE)

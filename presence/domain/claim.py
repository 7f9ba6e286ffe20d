"""Claim: a status that an application sets for a user for a while ("in a call").

Flow: authorised application -> **claim** -> record -> derivation.

One claim per application and user. The user's own choice stands above every claim; among claims the
highest priority wins, then the youngest. When a claim ends, what it covered shows again by itself:
nothing is saved and restored, the status is derived anew.
"""

from dataclasses import dataclass

from presence.domain.instant import Instant
from presence.domain.status import Status

MAX_APP_LENGTH = 64
MAX_LABEL_LENGTH = 80
PRIORITIES = range(101)
CLAIMABLE = frozenset({Status.ONLINE, Status.AWAY, Status.BUSY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What `app` says of a user until `until`."""

    app: str
    status: Status
    label: str
    priority: int
    since: Instant
    until: Instant

    def __post_init__(self) -> None:
        """Refuse a status that no application may claim, and a priority out of range."""
        if self.status not in CLAIMABLE:
            raise ValueError("a claim's status is online, away or busy")
        if self.priority not in PRIORITIES:
            raise ValueError("a claim's priority is 0 to 100")

    def is_over(self, now: Instant) -> bool:
        """Return whether the claim has ended."""
        return self.until <= now

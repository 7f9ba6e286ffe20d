"""Visibility: what one user may see of another.

Flow: relation (contact, blocked) + the other's privacy -> **lens** -> face as this watcher sees it.

A lens that shows nothing is indistinguishable from a user who does not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from presence.domain.face import Face
from presence.domain.instant import Instant
from presence.domain.status import Status


class Audience(StrEnum):
    """Who may see something of a user."""

    EVERYONE = "everyone"
    CONTACTS = "contacts"
    NOBODY = "nobody"


class Precision(StrEnum):
    """How exactly last-seen is shown to those who may see it."""

    EXACT = "exact"
    HOUR = "hour"
    DAY = "day"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What a user lets others see."""

    status: Audience = Audience.EVERYONE
    last_seen: Audience = Audience.EVERYONE
    precision: Precision = Precision.EXACT


OPEN = Privacy()


class Lens(StrEnum):
    """Through which a watcher sees a user. The value of the last four is a last-seen precision."""

    NOTHING = "nothing"
    SELF = "self"
    EXACT = "exact"
    HOUR = "hour"
    DAY = "day"
    HIDDEN = "hidden"


# Whom a viewer sees, by lens: a fifth of the memory of a lens for each user.
Sight = Mapping[Lens, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What a viewer is to a user.

    `is_contact`: the user has accepted the viewer as a contact. `is_blocked`: either blocks the other.
    `hides_own`: the viewer hides their own last-seen from this user.
    """

    is_self: bool = False
    is_contact: bool = False
    is_blocked: bool = False
    hides_own: bool = False


def lens_for(privacy: Privacy, relation: Relation, *, is_reciprocal: bool = False) -> Lens:
    """Return the lens through which the viewer sees the user.

    A block wins over everything. With `is_reciprocal`, who hides their own last-seen sees none.
    """
    if relation.is_self:
        return Lens.SELF
    if relation.is_blocked or not admits(privacy.status, relation):
        return Lens.NOTHING
    if not admits(privacy.last_seen, relation) or (is_reciprocal and relation.hides_own):
        return Lens.HIDDEN
    return Lens(privacy.precision.value)


def by_user(sight: Sight) -> dict[str, Lens]:
    """Return the lens for each user."""
    return {user: lens for lens, users in sight.items() for user in users}


def admits(audience: Audience, relation: Relation) -> bool:
    """Return whether `audience` includes a viewer in that relation."""
    if audience is Audience.CONTACTS:
        return relation.is_contact
    return audience is Audience.EVERYONE


def seen_through(face: Face, lens: Lens) -> Face:
    """Return `face` as it looks through `lens`; the caller leaves out what `NOTHING` hides.

    `since` of somebody offline tells when they left, so it is coarsened with last-seen.
    """
    if lens in {Lens.SELF, Lens.EXACT} or face.status is not Status.OFFLINE:
        return face
    if lens is Lens.HIDDEN:
        return replace(face, last_seen=None, since=None)
    return replace(face, last_seen=_coarse(face.last_seen, lens), since=_coarse(face.since, lens))


def _coarse(at: Instant | None, lens: Lens) -> Instant | None:
    if at is None:
        return None
    step = 3_600_000 if lens is Lens.HOUR else 86_400_000
    return at - at % step

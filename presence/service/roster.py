"""Roster: what a viewer sees of some users, now; and what changed since a cursor.

Flow: API, poll -> **roster** -> access (lenses) -> faces -> wire records.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from presence.domain.cursor import Cursor
from presence.domain.instant import milliseconds
from presence.domain.visibility import Lens
from presence.fanout.wire import WireOwn, WireRecord, wire_record
from presence.live.records import Sighting
from presence.service.access import Access
from presence.service.errors import Refused
from presence.service.faces import Faces
from presence.service.own_views import OwnViews

_AHEAD = 60_000  # ms that another node's clock may be ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterView:
    """The records that may be seen, and the ids that do not exist or may not be seen."""

    records: list[WireRecord]
    unknown: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a poll is told. Unless `partial`, these are all there are: who is missing is seen no longer."""

    records: list[WireRecord]
    partial: bool


class Roster:
    """Answers who is there."""

    def __init__(
        self,
        access: Access,
        faces: Faces,
        own_views: OwnViews,
        *,
        max_watched: int,
        resumable_for: timedelta,
    ) -> None:
        """Refuse to answer for more than `max_watched` users at once.

        Redis forgets who was offline for `resumable_for`, so an older cursor cannot be gone on from.
        """
        self._access = access
        self._faces = faces
        self._own_views = own_views
        self._max_watched = max_watched
        self._resumable_for = milliseconds(resumable_for)

    async def view(self, *, viewer: str, users: Sequence[str]) -> RosterView:
        """Return what `viewer` sees of `users`, in their order.

        Raises:
            Refused: too many users.
            Unavailable: a store did not answer.
        """
        wanted = list(dict.fromkeys(users))
        if len(wanted) > self._max_watched:
            raise Refused("users", f"at most {self._max_watched} users, not {len(wanted)}")
        lenses = await self._access.lenses(viewer=viewer, users=wanted)
        seen = await self._faces.of([user for user in wanted if user in lenses])
        return RosterView(
            records=[_record(user, seen[user], lenses[user]) for user in wanted if user in lenses],
            unknown=[user for user in wanted if user not in lenses],
        )

    async def changes(self, *, viewer: str, since: Cursor, present: Cursor) -> Changes:
        """Return the contacts of `viewer` that changed since `since`, or all where that cannot be told.

        `present` is the caller's next cursor, an instant from before this call.

        Raises:
            Unavailable: a store did not answer.
        """
        lenses = await self._access.judged(viewer=viewer, contacts=True)
        seen = await self._faces.of(list(lenses))
        is_resumable = (
            is_resumable_from(since, present, self._resumable_for)
            # What changed cannot say who may be seen no longer.
            and not rules_changed(seen.values(), since)
        )
        changed = []
        for user, sighting in seen.items():
            if lenses[user] is Lens.NOTHING:
                continue
            is_self = lenses[user] is Lens.SELF
            stamp = sighting.stamp
            changed_at = stamp.own_changed_at if is_self else stamp.changed_at
            if not is_resumable or changed_at > since.at:
                own = (await self._own_views.of(user))[0] if is_self else None
                changed.append(_record(user, sighting, lenses[user], own))
        return Changes(records=changed, partial=is_resumable)


def is_resumable_from(since: Cursor, present: Cursor, resumable_for: int) -> bool:
    """Return whether the live store can still tell what changed between `since` and `present`.

    Older, and Redis may have forgotten who changed; ahead, and it is not one of ours.
    """
    if since.epoch != present.epoch:
        return False
    return present.at - resumable_for <= since.at <= present.at + _AHEAD


def rules_changed(sightings: Iterable[Sighting], since: Cursor) -> bool:
    """Return whether who may see one of these users changed since `since`."""
    return any(each.stamp.rules_at > since.at for each in sightings)


def _record(user: str, sighting: Sighting, lens: Lens, own: WireOwn | None = None) -> WireRecord:
    return wire_record(
        user=user, face=sighting.face, version=sighting.stamp.version, lens=lens, own=own
    )

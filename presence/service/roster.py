"""Roster: what a viewer sees of some users, now; and what changed since a cursor.

Flow: API, poll -> **roster** -> access (lenses) -> faces -> wire records.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from presence.domain.cursor import Cursor
from presence.domain.visibility import Lens
from presence.fanout.wire import WireOwn, WireRecord, wire_record
from presence.live.records import Sighting
from presence.service.access import Access, Lenses
from presence.service.errors import Refused
from presence.service.faces import Faces
from presence.service.own_views import OwnViews


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterView:
    """The records that may be seen, and the ids that do not exist or may not be seen."""

    records: list[WireRecord]
    unknown: list[str]


class Roster:
    """Answers who is there."""

    def __init__(
        self, access: Access, faces: Faces, own_views: OwnViews, *, max_watched: int
    ) -> None:
        """Refuse to answer for more than `max_watched` users at once."""
        self._access = access
        self._faces = faces
        self._own_views = own_views
        self._max_watched = max_watched

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

    async def changes(self, *, viewer: str, since: Cursor, epoch: str) -> list[WireRecord]:
        """Return the contacts of `viewer` that changed since `since`; all of them after an epoch's end.

        The caller's next cursor must be an instant from before this call.

        Raises:
            Unavailable: a store did not answer.
        """
        lenses: Lenses = await self._access.lenses(viewer=viewer, contacts=True)
        seen = await self._faces.of(list(lenses))
        is_resumable = since.epoch == epoch and not rules_changed(seen.values(), since)
        changed = []
        for user, sighting in seen.items():
            is_self = lenses[user] is Lens.SELF
            stamp = sighting.stamp
            changed_at = stamp.own_changed_at if is_self else stamp.changed_at
            if not is_resumable or changed_at > since.at:
                own = (await self._own_views.of(user))[0] if is_self else None
                changed.append(_record(user, sighting, lenses[user], own))
        return changed


def rules_changed(sightings: Iterable[Sighting], since: Cursor) -> bool:
    """Return whether who may see one of these users changed since `since`."""
    return any(each.stamp.rules_at > since.at for each in sightings)


def _record(user: str, sighting: Sighting, lens: Lens, own: WireOwn | None = None) -> WireRecord:
    return wire_record(
        user=user, face=sighting.face, version=sighting.stamp.version, lens=lens, own=own
    )

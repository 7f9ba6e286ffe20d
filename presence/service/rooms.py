"""Rooms: who is here.

Flow: API, stream -> **rooms** -> live.rooms, access (lenses), faces -> room view.

Up to 50 members are listed, above that a sample and the count. Who may enter and watch a room is one
callable of the settings; without one, everybody who is signed in.
"""

import asyncio
from collections.abc import Callable
from typing import Literal

import msgspec

from presence.domain.status import Status
from presence.fanout.wire import WireRecord
from presence.live.connection import LiveUnavailableError
from presence.live.rooms import Rooms as LiveRooms
from presence.service.database import in_database
from presence.service.errors import NotFound, Refused, Unavailable
from presence.service.roster import Roster

LISTED = 50

RoomAction = Literal["enter", "watch"]
RoomRule = Callable[[str, str, str], bool]


class RoomView(msgspec.Struct, frozen=True):
    """Who is in a room: `users` is everybody if `whole`, else a sample. Never the invisible."""

    room: str
    count: int
    whole: bool
    users: list[WireRecord]


class Rooms:
    """Answers who is in which room."""

    def __init__(self, rooms: LiveRooms, roster: Roster, rule: RoomRule | None) -> None:
        """Let `rule(user, room, action)` say who may enter and watch; None lets everybody."""
        self._rooms = rooms
        self._roster = roster
        self._rule = rule

    async def view(self, *, viewer: str, room: str) -> RoomView:
        """Return who is in `room`, as far as `viewer` may see them.

        Raises:
            NotFound: the viewer may not watch this room.
            Unavailable: a store did not answer.
        """
        if not await self.allows(viewer, room, "watch"):
            raise NotFound
        try:
            occupancy = await self._rooms.occupancy(room, most=LISTED)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        seen = await self._roster.view(viewer=viewer, users=occupancy.users)
        whole = occupancy.count <= LISTED
        here = [record for record in seen.records if record.status != Status.OFFLINE.value]
        return RoomView(
            room=room,
            # Of a whole list those whom the viewer may not see are not counted either.
            count=len(here) if whole else occupancy.count,
            whole=whole,
            users=here,
        )

    async def check_entry(self, *, user: str, rooms: tuple[str, ...]) -> None:
        """Return if `user` may enter all of `rooms`.

        Raises:
            Refused: one of them may not be entered.
            Unavailable: the rule needed a store that did not answer.
        """
        for room in rooms:
            if not await self.allows(user, room, "enter"):
                raise Refused("rooms", f"room {room} may not be entered")

    async def allows(self, user: str, room: str, action: RoomAction) -> bool:
        """Return whether the rule lets `user` do `action` in `room`."""
        if self._rule is None:
            return True
        return await in_database(self._rule, user, room, action)


async def views_of(rooms: Rooms, *, viewer: str, names: tuple[str, ...]) -> list[RoomView]:
    """Return the views of several rooms; one that may not be watched is left out."""

    async def view(room: str) -> RoomView | None:
        try:
            return await rooms.view(viewer=viewer, room=room)
        except NotFound:
            return None

    found = await asyncio.gather(*map(view, names))
    return [each for each in found if each is not None]

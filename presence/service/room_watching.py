"""Room watching: keeping the streams that watch rooms up to date.

Flow: bus (a room was touched) -> **room watching** -> rooms.view -> `room` event -> stream.

State, not messages: a touched room is marked, and looked at again at a pace that its size allows; a stream
gets the newest view, and only when it differs from the one it has. All watched rooms are looked at every
few seconds anyway, since the bus may lose messages.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from presence.domain.cursor import Cursor
from presence.fanout.frames import event_frame
from presence.fanout.hub import Hub
from presence.fanout.watch import Watch
from presence.service.ending import is_ending
from presence.service.errors import NotFound, ServiceError
from presence.service.rooms import LISTED, Rooms, RoomView

log = structlog.get_logger(__name__)

_CROWDED = 1_000
_PACES = (
    (_CROWDED, 20),
    (LISTED + 1, 4),
    (0, 1),
)  # members from which on -> intervals between looks
_ANYWAY = 20  # intervals after which a watched room is looked at, touched or not


@dataclass(slots=True, eq=False)
class _Watched:
    """A room that somebody here watches, and what each of them was last told."""

    told: dict[Watch, RoomView | None] = field(default_factory=dict)
    is_touched: bool = True
    size: int = 0
    looked_at: float = 0.0

    def is_due(self, intervals: float) -> bool:
        """Return whether the room is to be looked at again, so many intervals after the last look."""
        pace = next(pace for size, pace in _PACES if self.size >= size)
        return intervals >= _ANYWAY or (self.is_touched and intervals >= pace)


class RoomWatching:
    """The rooms that streams of this process watch. Bound: one view per stream and room."""

    def __init__(self, rooms: Rooms, hub: Hub, *, interval: timedelta) -> None:
        """Look with `rooms` at most every `interval`; write to the streams of `hub`."""
        self._rooms = rooms
        self._hub = hub
        self._interval = interval.total_seconds()
        self._watched: dict[str, _Watched] = {}

    def add(self, watch: Watch, views: Sequence[RoomView]) -> None:
        """Let `watch` hear of these rooms, which it has been told as they are in `views`."""
        for view in views:
            watched = self._watched.setdefault(view.room, _Watched())
            watched.told[watch] = view
            watched.size = max(watched.size, view.count)

    def remove(self, watch: Watch) -> None:
        """Forget a stream."""
        for room in [room for room, watched in self._watched.items() if watch in watched.told]:
            del self._watched[room].told[watch]
            if not self._watched[room].told:
                del self._watched[room]

    def touch(self, rooms: Sequence[str]) -> None:
        """Note that these rooms changed."""
        for room in rooms:
            if room in self._watched:
                self._watched[room].is_touched = True

    def touch_all(self) -> None:
        """Note that who may see whom changed: every view may differ."""
        self.touch(tuple(self._watched))

    async def run(self) -> None:
        """Look at rooms that are due, until cancelled."""
        loop = asyncio.get_running_loop()
        while not is_ending():
            await asyncio.sleep(self._interval)
            now = loop.time()
            for room, watched in list(self._watched.items()):
                if watched.is_due((now - watched.looked_at) / self._interval):
                    try:
                        await self._look(room, watched, now)
                    except ServiceError as error:
                        log.warning("room_not_seen", room=room, reason=str(error))

    async def _look(self, room: str, watched: _Watched, now: float) -> None:
        watched.is_touched, watched.looked_at, watched.size = False, now, 0
        views: dict[str, RoomView] = {}
        for watch, told in list(watched.told.items()):
            viewer = watch.mailbox.viewer
            if viewer not in views:
                views[viewer] = await self._view(viewer, room)
            view = views[viewer]
            watched.size = max(watched.size, view.count)
            if view != told and watch in watched.told:
                written = watch.mailbox.write(room_event(view, self._hub.cursor), now)
                # A stream that is behind, or has not begun, is told at the next look.
                watched.told[watch] = view if written else None
                watched.is_touched |= not written

    async def _view(self, viewer: str, room: str) -> RoomView:
        try:
            return await self._rooms.view(viewer=viewer, room=room)
        except NotFound:  # may be watched no longer: as if everybody had gone
            return RoomView(room=room, count=0, whole=True, users=[])


def room_event(view: RoomView, cursor: Cursor) -> bytes:
    """Return the event that tells who is in a room."""
    return event_frame("room", view, cursor)

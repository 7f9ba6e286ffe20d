"""Own views: what only the user may see of their record, on their own streams and polls.

Flow: own change -> **own views** -> record -> hub -> the user's streams; so all of a person's devices agree.
"""

import asyncio
from collections.abc import Sequence

import structlog

from presence.domain.instant import Instant
from presence.domain.record import Record
from presence.fanout.hub import Hub
from presence.fanout.wire import WireClaim, WireOwn, WireSession, instant_or_none, wire_message
from presence.live.connection import LiveUnavailableError
from presence.live.records import Records
from presence.service.applying import Applied
from presence.service.errors import Unavailable
from presence.service.gathering import Gathering
from presence.service.homes import Homes

log = structlog.get_logger(__name__)

_AT_ONCE = 200  # records a read
_TOGETHER = 0.02  # seconds in which changes of one user are read once: a new tab makes two or three


class OwnViews:
    """Reads own views and shows them to the streams that watch their own user."""

    def __init__(self, records: Records, homes: Homes, hub: Hub) -> None:
        """Show them on `hub`."""
        self._records = Gathering(records.peek, most=_AT_ONCE)
        self._homes = homes
        self._hub = hub
        self._changed: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def note(self, users: Sequence[str]) -> None:
        """Note that records of `users` changed; whoever watches their own is shown it soon."""
        self._changed.update(self._hub.self_watched(users))
        if self._changed and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._show())

    async def of(self, user: str) -> tuple[WireOwn, Instant]:
        """Return the own view of `user`, and since when it is so; 0 if the live store does not know them.

        Raises:
            Unavailable: a store did not answer.
        """
        try:
            found = (await self._records.get_all([user])).get(user)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        if found is None:
            return own_view((await self._homes.of(user)).settle(Record(user=user))), 0
        stamp, record = found
        return own_view(record), stamp.own_changed_at

    async def read(self, user: str) -> None:
        """Show the own view of `user` as it is now to the streams that watch it, if that is news.

        Raises:
            Unavailable: a store did not answer.
        """
        own, changed_at = await self.of(user)
        # Whoever finds the news first tells all: a stream that opens would otherwise keep it from the others.
        if self._hub.learn_own(user, own, changed_at):
            self._hub.show_own(user)

    def take(self, user: str, applied: Applied) -> None:
        """Show what a change has just made of the own view of `user`, without reading it again."""
        if self._hub.learn_own(user, own_view(applied.record), applied.own_changed_at):
            self._hub.show_own(user)

    async def _show(self) -> None:
        try:
            while self._changed:
                await asyncio.sleep(_TOGETHER)
                changed, self._changed = self._changed, set()
                await asyncio.gather(*map(self._show_one, changed))
        finally:
            self._task = None

    async def _show_one(self, user: str) -> None:
        try:
            await self.read(user)
        except Unavailable as error:
            log.warning("own_view_not_shown", user=user, reason=error.detail)


def own_view(record: Record) -> WireOwn:
    """Return what only the user may see of `record`."""
    return WireOwn(
        availability=record.choice.availability.value,
        until=instant_or_none(record.choice.until),
        message=wire_message(record.message),
        sessions=[
            WireSession(
                id=each.id,
                device=each.device.value,
                activity=each.activity.value,
                rooms=each.rooms,
            )
            for each in sorted(record.sessions.values(), key=lambda each: each.id)
        ],
        claims=[
            WireClaim(
                app=each.app,
                status=each.status.value,
                label=each.label,
                until=instant_or_none(each.until),
            )
            for each in sorted(record.claims.values(), key=lambda each: each.app)
        ],
    )

"""Alerting: "tell me when 42 is online". One shot, with an end.

Flow: API -> **alerting** -> live.alerts; commit -> **alerting** -> next poll, and every open stream.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from presence.domain.instant import Instant, milliseconds
from presence.domain.status import Status
from presence.live.alerts import Alerts
from presence.live.bus import AlertsFired
from presence.live.connection import LiveUnavailableError
from presence.service.access import Access
from presence.service.errors import NotFound, Refused, Unavailable
from presence.service.faces import Faces
from presence.service.publishing import Publisher

log = structlog.get_logger(__name__)

MAX_LASTS = timedelta(days=30)
_MAX_WAITING = 1_000  # viewers who wait for one user; a wish is about 30 bytes in Redis


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`user` came online at `at`."""

    user: str
    at: Instant


class Alerting:
    """Keeps wishes to be told, and fulfils them."""

    def __init__(self, alerts: Alerts, access: Access, faces: Faces, publisher: Publisher) -> None:
        """Tell through `publisher` who watches, and keep it for who polls."""
        self._alerts = alerts
        self._access = access
        self._faces = faces
        self._publisher = publisher
        self._firing: set[asyncio.Task[None]] = set()

    async def ask(self, *, viewer: str, user: str, now: Instant, lasts: timedelta) -> bool:
        """Tell `viewer` once when `user` is online, within `lasts`; True if `user` is already.

        Raises:
            NotFound: there is no such user, or the viewer may not see them.
            Refused: it is oneself, `lasts` is out of bounds, or too many wait for this user.
            Unavailable: a store did not answer.
        """
        if viewer == user:
            raise Refused("user", "one's own coming needs no alert")
        if not timedelta(0) < lasts <= MAX_LASTS:
            raise Refused("until", f"must lie within the next {MAX_LASTS.days} days")
        if user not in await self._access.lenses(viewer=viewer, users=[user]):
            raise NotFound
        if await self._is_online(user):
            return True
        try:
            if await self._alerts.count(user) >= _MAX_WAITING:
                raise Refused("user", "too many wait for this user; watch them instead")
            await self._alerts.add(
                viewer=viewer, user=user, until=now + milliseconds(lasts), lasts=lasts
            )
            # Who came meanwhile was not waited for yet; a wish that is gone again has been fulfilled.
            if await self._is_online(user):
                return await self._alerts.remove(viewer=viewer, user=user)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        return False

    async def forget(self, *, viewer: str, user: str) -> None:
        """Drop the wish of `viewer`.

        Raises:
            NotFound: there is none.
            Unavailable: Redis did not answer.
        """
        try:
            if not await self._alerts.remove(viewer=viewer, user=user):
                raise NotFound
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error

    async def told(self, *, viewer: str) -> list[Told]:
        """Return, once, what went off for `viewer` and was not polled yet.

        Raises:
            Unavailable: Redis did not answer.
        """
        try:
            return [Told(user=user, at=at) for at, user in await self._alerts.take_told(viewer)]
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error

    async def _is_online(self, user: str) -> bool:
        return (await self._faces.of([user]))[user].face.status is Status.ONLINE

    def fire(self, *, user: str, at: Instant, alerts: Sequence[tuple[str, Instant]]) -> None:
        """Fulfil the wishes about `user`, who came online at `at`; returns at once."""
        viewers = [viewer for viewer, until in alerts if until > at]
        task = asyncio.get_running_loop().create_task(self._fire(user, at, viewers))
        self._firing.add(task)
        task.add_done_callback(self._firing.discard)

    async def _fire(self, user: str, at: Instant, viewers: Sequence[str]) -> None:
        told = []
        for viewer in viewers:
            try:
                # Who may see whom can have changed since the wish was made.
                if user in await self._access.lenses(viewer=viewer, users=[user]):
                    await self._alerts.tell(viewer=viewer, user=user, at=at)
                    told.append(viewer)
            except (Unavailable, LiveUnavailableError) as error:
                log.warning("alert_lost", viewer=viewer, user=user, reason=str(error))
        if told:
            self._publisher.tell(AlertsFired(user, at, tuple(told)))

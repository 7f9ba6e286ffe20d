"""Attachments: open streams as proof of life of the sessions that opened them.

Flow: stream with `session=` -> **attachments** -> leases.extend, in bulk -> Redis.

The process that owns the sockets renews their sessions' stream leases itself, so a tab whose timers are
throttled stays present, and a crash of the process costs nobody more than one lease. When a stream
breaks, the session gets the leave grace; when the server itself ends it, the lease simply runs on until
the client is back.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog

from presence.domain.instant import milliseconds
from presence.domain.policy import Policy
from presence.domain.signals import StreamLost, StreamOpened
from presence.domain.status import Device
from presence.live.connection import LiveUnavailableError
from presence.live.keys import STREAM_MARK, Keys, member, user_of
from presence.live.leases import Leases
from presence.service.applying import Applied, Applier
from presence.service.ending import is_ending
from presence.service.errors import Unavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A session that an open stream keeps alive."""

    user: str
    session: str
    stream: str
    device: Device
    shard: int
    lease: str


class Attachments:
    """The attached sessions of this process. Bound: one for each open stream."""

    def __init__(self, leases: Leases, applier: Applier, keys: Keys, policy: Policy) -> None:
        """Nothing is attached yet."""
        self._leases = leases
        self._applier = applier
        self._keys = keys
        self._lease = milliseconds(policy.stream_lease_after)
        self._interval: timedelta = policy.stream_renewal_interval
        self._attached: dict[int, dict[str, Attachment]] = {}  # by shard, then by lease
        self._losing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Return how many sessions are attached."""
        return sum(map(len, self._attached.values()))

    async def attach(
        self, *, user: str, session: str, stream: str, device: Device
    ) -> tuple[Attachment, Applied]:
        """Let the connection `stream` keep `session` alive from now on; return what that did to the record.

        Raises:
            Unavailable: a store did not answer.
        """
        attachment = Attachment(
            user=user,
            session=session,
            stream=stream,
            device=device,
            shard=self._keys.shard(user),
            lease=member(user, session, STREAM_MARK),
        )
        applied = await self._open(attachment)
        # Keyed by the lease: a session's newer stream takes the place of one not yet known as dead.
        self._attached.setdefault(attachment.shard, {})[attachment.lease] = attachment
        return attachment, applied

    def release(self, attachment: Attachment) -> None:
        """Stop renewing: the server ended the stream; the lease gives the client time to return."""
        if self._is_attached(attachment):
            del self._attached[attachment.shard][attachment.lease]

    def lose(self, attachment: Attachment) -> None:
        """Stop renewing and start the grace: the connection broke."""
        self.release(attachment)
        task = asyncio.get_running_loop().create_task(self._lose(attachment))
        self._losing.add(task)
        task.add_done_callback(self._losing.discard)

    async def run(self) -> None:
        """Renew everything attached, every renewal interval, until cancelled."""
        while not is_ending():
            await asyncio.sleep(self._interval.total_seconds())
            try:
                await self.renew()
            except Unavailable as error:
                log.warning("attachments_not_renewed", reason=error.detail)

    async def renew(self) -> None:
        """Renew everything attached, once.

        Raises:
            Unavailable: Redis did not answer.
        """
        leases = {shard: list(attached) for shard, attached in self._attached.items()}
        try:
            missing = await self._leases.extend(leases, lease=self._lease)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        for lease in missing:
            attachment = self._attached[self._keys.shard(user_of(lease))].get(lease)
            if attachment is not None:
                await self._reopen(attachment)

    async def _reopen(self, attachment: Attachment) -> None:
        """Bring back a lease that is gone with the store's data, not one that the session left."""
        if await self._applier.known([attachment.user]):
            self.release(attachment)  # it left, or has a newer stream elsewhere
        else:
            await self._open(attachment)

    def _is_attached(self, attachment: Attachment) -> bool:
        return self._attached.get(attachment.shard, {}).get(attachment.lease) is attachment

    async def _open(self, attachment: Attachment) -> Applied:
        signal = StreamOpened(
            session=attachment.session, stream=attachment.stream, device=attachment.device
        )
        return await asyncio.shield(self._applier.apply(user=attachment.user, signal=signal))

    async def _lose(self, attachment: Attachment) -> None:
        signal = StreamLost(session=attachment.session, stream=attachment.stream)
        with suppress(Unavailable):  # then the lease simply runs out
            await self._applier.apply(user=attachment.user, signal=signal)

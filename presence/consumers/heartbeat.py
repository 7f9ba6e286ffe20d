"""Heartbeat: POST /presence/heartbeat, a session says that it lives and what it is doing.

Flow: client -> **heartbeat** -> service.heartbeats; with `since`, service.roster as well (a poll).
"""

from functools import lru_cache

from presence.consumers.authentication import Authentication
from presence.consumers.bodies import cursor_of, heartbeat_of
from presence.consumers.endpoint import Endpoint
from presence.consumers.exchange import Exchange, ProblemError, refuse
from presence.domain.cursor import Cursor
from presence.domain.instant import Instant, format_instant
from presence.fanout.wire import encode
from presence.parts import Parts
from presence.service.errors import Refused, Unavailable
from presence.service.heartbeats import Beat


class HeartbeatConsumer(Endpoint):
    """Answers heartbeats. The answer goes out after Redis has acknowledged the lease."""

    method = "POST"

    @staticmethod
    def takes(exchange: Exchange) -> bool:
        """Return whether the body is said to be what a heartbeat's must be."""
        return exchange.headers.get(b"content-type", b"").startswith(b"application/json")

    async def handle(self, exchange: Exchange, joined: Parts, user_of: Authentication) -> None:
        """Answer a heartbeat, and count those that come to nothing."""
        try:
            await self._handle(exchange, joined, user_of)
        except (ProblemError, Refused):
            joined.heartbeats.refused += 1
            raise
        except Unavailable:
            joined.heartbeats.unavailable += 1
            raise

    async def _handle(self, exchange: Exchange, joined: Parts, user_of: Authentication) -> None:
        """Renew the lease; with `since`, tell what changed among the user's contacts."""
        user = user_of.user(exchange)
        if not self.takes(exchange):
            raise refuse(415, "the body must be application/json")
        body = await exchange.body(joined.settings.max_body)
        beat = heartbeat_of(body, joined.settings.max_rooms)
        since = None if beat.since is None else cursor_of(beat.since, "since")
        done = await joined.heartbeats.record(
            user=user,
            session=beat.session,
            activity=beat.activity,
            device=beat.said_device,
            rooms=beat.rooms,
        )
        epoch = joined.epoch.known or await joined.epoch.ensure()
        answer = answer_of(done, epoch)
        if since is not None:
            present = Cursor(epoch, done.now - 1)
            changes = await joined.roster.changes(viewer=user, since=since, present=present)
            answer += b',"stale_after_ms":%d,"partial":%s,"changes":%s' % (
                joined.stale_after_ms,
                encode(changes.partial),
                encode(changes.records),
            )
            alerts = [
                {"user": told.user, "status": "online", "at": format_instant(told.at)}
                for told in await joined.alerting.told(viewer=user)
            ]
            answer += b',"alerts":' + encode(alerts)
        await exchange.answer_json(answer + b"}")


def answer_of(beat: Beat, epoch: str) -> bytes:
    """Return the answer's JSON object, still open at its end."""
    return b'{"next_in_ms":%d,"lease_ms":%d,"status":"%s",%s' % (
        beat.next_in_ms,
        beat.lease_ms,
        beat.status.encode(),
        _time_of(beat.now, epoch),
    )


@lru_cache(maxsize=1)
def _time_of(now: Instant, epoch: str) -> bytes:
    # All heartbeats of a batch have the same instant, and writing it takes 3 us.
    return b'"now":"%s","cursor":"%s"' % (
        format_instant(now).encode(),
        # One millisecond back: what changes later in this one carries its number, and is yet to come.
        str(Cursor(epoch, now - 1)).encode(),
    )

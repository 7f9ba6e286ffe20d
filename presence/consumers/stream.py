"""Stream: GET /presence/stream, presence as Server-Sent Events.

Flow: EventSource -> **stream** -> service.watching -> hub -> sink -> EventSource.

A stream is never refused for temporary trouble: any status but 200 ends EventSource for good, so a client
that comes at a bad time gets a short stream that says when to come back.
"""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from presence.consumers.authentication import Authentication
from presence.consumers.bodies import cursor_of
from presence.consumers.endpoint import Endpoint
from presence.consumers.exchange import Exchange, Headers, refuse
from presence.domain.ids import check_room, check_session, check_user
from presence.domain.status import Device
from presence.fanout.frames import chunked
from presence.fanout.sinks import SendSink, TransportSink
from presence.service.errors import Unavailable
from presence.service.watching import Opened, Request
from presence.wiring import Parts

EXTENSION = "presence.transport"  # see presence.serving.protocol

HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # without it nginx delivered nothing for 4 s
]
_KNOWN = frozenset(
    {"users", "contacts", "rooms", "session", "device", "cursor", "token", "ticket", "ping"}
)
LOST = "lost"
_LAST_CHUNK = b"0\r\n\r\n"


class StreamConsumer(Endpoint):
    """Answers streams, each until its client goes or the server sends it away."""

    method = "GET"

    async def handle(self, exchange: Exchange, joined: Parts, user_of: Authentication) -> None:
        """Open a stream and stay until it ends."""
        query = exchange.query()
        viewer = await _viewer(exchange, joined, user_of, query)
        settings = joined.settings
        request = _request(exchange, query, viewer, settings.max_watched, settings.max_rooms)
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def end(reason: str) -> None:
            if not ended.done():
                ended.set_result(reason)

        try:
            opened = await joined.watching.open(request, end)
        except Unavailable:
            await exchange.start(200, HEADERS)
            await exchange.close(joined.watching.apology())
            return
        reason = LOST
        extension = exchange.scope.get("extensions", {}).get(EXTENSION)
        try:
            await exchange.start(200, HEADERS)
            await exchange.write(opened.beginning)
            if extension is not None:
                _hand_over(exchange, joined, opened, ended, extension)
                return
            reason = await _serve(exchange, joined, opened, ended)
        except OSError:  # the server says so when the client is gone
            reason = LOST
        finally:
            if not exchange.is_closed:
                joined.watching.close(opened, is_lost=reason in (LOST, "stalled"))
        if reason not in (LOST, "stalled"):
            with suppress(OSError):
                await exchange.close(joined.watching.goodbye(reason))


class _Detached:
    """A stream that lives on its transport alone: between two events nothing of it waits or runs."""

    __slots__ = ("_joined", "_opened", "_transport")

    def __init__(self, joined: Parts, opened: Opened, transport: asyncio.WriteTransport) -> None:
        self._joined = joined
        self._opened: Opened | None = opened
        self._transport = transport

    def end(self, reason: str) -> None:
        """Close the stream, once."""
        opened, self._opened = self._opened, None
        if opened is None:
            return
        self._joined.watching.close(opened, is_lost=reason in (LOST, "stalled"))
        if reason == "stalled":  # there is no way to say goodbye to who accepts nothing
            self._transport.abort()
        elif reason != LOST:
            self._transport.write(chunked(self._joined.watching.goodbye(reason)) + _LAST_CHUNK)
            self._transport.close()

    def lost(self) -> None:
        """Close the stream: its client is gone."""
        self.end(LOST)


def _hand_over(
    exchange: Exchange,
    joined: Parts,
    opened: Opened,
    ended: "asyncio.Future[str]",
    extension: Any,
) -> None:
    """Leave the stream to the hub and its transport; this request is over."""
    transport = extension.detach()
    exchange.is_closed = True
    detached = _Detached(joined, opened, transport)
    opened.beginning = b""
    opened.watch.end = detached.end
    joined.hub.release(opened.watch, TransportSink(transport))
    extension.on_lost(detached.lost)
    if ended.done():
        detached.end(ended.result())


async def _viewer(
    exchange: Exchange, joined: Parts, user_of: Authentication, query: dict[str, str]
) -> str:
    ticket = query.get("ticket")
    if ticket is None:
        return user_of.user(exchange, query.get("token"))
    viewer = await joined.ticketing.redeem(ticket)
    if viewer is None:
        raise refuse(401, "the ticket is unknown, used or over", "ticket")
    return viewer


async def _serve(
    exchange: Exchange, joined: Parts, opened: Opened, ended: "asyncio.Future[str]"
) -> str:
    """Write by ASGI `send` and wait for the client to go, on any server."""
    sink = SendSink(exchange.send)
    writer = asyncio.create_task(sink.run())
    reader = asyncio.create_task(_disconnected(exchange))
    joined.hub.release(opened.watch, sink)
    try:
        waited: set[asyncio.Future[Any]] = {writer, reader, ended}
        done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        return ended.result() if ended in done else LOST
    except asyncio.CancelledError:
        # daphne ends by cancelling: the goodbye still goes out, and the lease runs on.
        return "drain"
    finally:
        for task in (writer, reader):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _disconnected(exchange: Exchange) -> None:
    while True:
        message = await exchange.receive()
        if message["type"] == "http.disconnect":
            return


def _request(
    exchange: Exchange, query: dict[str, str], viewer: str, max_watched: int, max_rooms: int
) -> Request:
    unknown = sorted(set(query) - _KNOWN)
    if unknown:
        raise refuse(400, f"{unknown[0]} is not known here", unknown[0])
    # Interned: thousands of streams watch the same people, and every copy of an id takes 55 bytes.
    named = filter(None, query.get("users", "").split(","))
    users = tuple(map(sys.intern, dict.fromkeys(named)))
    if len(users) > max_watched:
        raise refuse(400, f"at most {max_watched} users, not {len(users)}", "users")
    for user in users:
        _checked(check_user, user, "users")
    rooms = tuple(dict.fromkeys(filter(None, query.get("rooms", "").split(","))))
    if len(rooms) > max_rooms:
        raise refuse(400, f"at most {max_rooms} rooms, not {len(rooms)}", "rooms")
    for room in rooms:
        _checked(check_room, room, "rooms")
    session = query.get("session")
    if session is not None:
        _checked(check_session, session, "session")
    device = query.get("device", Device.WEB.value)
    if device not in {each.value for each in Device}:
        raise refuse(400, "device must be one of " + ", ".join(Device), "device")
    given = exchange.headers.get(b"last-event-id", b"").decode("latin-1")
    given = given or query.get("cursor", "")
    return Request(
        viewer=viewer,
        users=users,
        contacts=_flag(query, "contacts"),
        rooms=rooms,
        session=session,
        device=Device(device),
        cursor=cursor_of(given, "cursor") if given else None,
        pings=_flag(query, "ping"),
    )


def _flag(query: dict[str, str], name: str) -> bool:
    value = query.get(name, "0")
    if value not in ("0", "1"):
        raise refuse(400, f"{name} must be 0 or 1", name)
    return value == "1"


def _checked(check: Callable[[str], str], text: str, field: str) -> None:
    try:
        check(text)
    except ValueError as error:
        raise refuse(400, str(error), field) from None

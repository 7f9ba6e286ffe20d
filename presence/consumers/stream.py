"""Stream: GET /presence/stream, presence as Server-Sent Events.

Flow: EventSource -> **stream** -> service.watching -> hub -> sink -> EventSource.

A stream is never refused for temporary trouble: any status but 200 ends EventSource for good, so a client
that comes at a bad time gets a short stream that says when to come back.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from presence.consumers.authentication import Authentication, unauthorized
from presence.consumers.endpoint import Endpoint
from presence.consumers.exchange import ClientGoneError, Exchange, Headers, refuse
from presence.consumers.stream_query import request_of
from presence.fanout.frames import chunked
from presence.fanout.sinks import SendSink, TransportSink
from presence.parts import Parts
from presence.service.admission import Admitted, RevokedError
from presence.service.errors import Limited, Unavailable
from presence.service.verified_token import VerifiedToken
from presence.service.watching import Opened, Request

EXTENSION = "presence.transport"  # see presence.serving.protocol

HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # without it nginx delivered nothing for 4 s
]
LOST = "lost"
_LAST_CHUNK = b"0\r\n\r\n"


class StreamConsumer(Endpoint):
    """Answers streams, each until its client goes or the server sends it away."""

    method = "GET"

    async def handle(self, exchange: Exchange, joined: Parts, user_of: Authentication) -> None:
        """Open a stream and stay until it ends."""
        query = exchange.query()
        proof = await _proof(exchange, joined, user_of, query)
        settings = joined.settings
        request = request_of(exchange, query, proof.user, settings.max_watched, settings.max_rooms)
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def end(reason: str) -> None:
            if not ended.done():
                ended.set_result(reason)

        try:
            opened, admitted = await _opened(joined, proof, request, end)
        except Unavailable:
            await _send_away(exchange, joined.farewells.apology())
            return
        except Limited as error:
            await _send_away(exchange, joined.farewells.apology("limited", wait=error.retry_after))
            return
        stream = _Open(joined, opened, admitted)
        reason = LOST
        extension = exchange.scope.get("extensions", {}).get(EXTENSION)
        try:
            await exchange.start(200, HEADERS)
            await exchange.write(opened.beginning)
            if extension is not None:
                _hand_over(exchange, stream, ended, extension)
                return
            reason = await _serve(exchange, joined, opened, ended)
        except ClientGoneError:
            reason = LOST
        finally:
            if not stream.is_detached:
                stream.close(reason)
        if reason not in (LOST, "stalled"):
            with suppress(ClientGoneError):
                await exchange.close(stream.goodbye(reason))


class _Open:
    """An open stream, as everybody who has to hear of its end knows it."""

    __slots__ = ("_admitted", "_joined", "_opened", "_transport")

    def __init__(self, joined: Parts, opened: Opened, admitted: Admitted) -> None:
        self._joined = joined
        self._opened: Opened | None = opened
        self._admitted = admitted
        self._transport: asyncio.WriteTransport | None = None

    def close(self, reason: str) -> None:
        """Forget it everywhere."""
        opened, self._opened = self._opened, None
        if opened is not None:
            self._joined.admission.leave(self._admitted)
            self._joined.watching.close(opened, is_lost=reason in (LOST, "stalled"))

    def goodbye(self, reason: str) -> bytes:
        """Return the event that ends it."""
        return self._joined.farewells.goodbye(self._admitted.reason_of(reason))

    @property
    def is_detached(self) -> bool:
        """Return whether it lives on its transport alone, and ends itself."""
        return self._transport is not None

    # --- A stream that lives on its transport alone: between two events nothing of it waits or runs ---

    def detach(self, transport: asyncio.WriteTransport) -> None:
        """Live on `transport` from now on."""
        opened = self._opened
        assert opened is not None
        self._transport = transport
        opened.beginning = b""
        opened.watch.end = self._admitted.end = self.end
        self._joined.hub.release(opened.watch, TransportSink(transport))

    def end(self, reason: str) -> None:
        """End it, once."""
        transport = self._transport
        if self._opened is None or transport is None:
            return
        self.close(reason)
        if reason == "stalled":  # there is no way to say goodbye to who accepts nothing
            transport.abort()
        elif reason != LOST:
            transport.write(chunked(self.goodbye(reason)) + _LAST_CHUNK)
            transport.close()

    def lost(self) -> None:
        """Close the stream: its client is gone."""
        self.end(LOST)


def _hand_over(
    exchange: Exchange, stream: _Open, ended: "asyncio.Future[str]", extension: Any
) -> None:
    """Leave the stream to the hub and its transport; this request is over."""
    transport = extension.detach()
    exchange.is_closed = True
    stream.detach(transport)
    extension.on_lost(stream.lost)
    if ended.done():
        stream.end(ended.result())


async def _opened(
    joined: Parts, proof: VerifiedToken, request: Request, end: Callable[[str], None]
) -> tuple[Opened, Admitted]:
    """Open the stream, if the viewer may have it; it lives no longer than `proof`."""
    admitted = joined.admission.place(proof, end)  # first: nobody fills the turnstile alone
    try:
        async with joined.turnstile:
            await joined.admission.admit(admitted)
            await joined.lookups.charge(viewer=proof.user, users=request.users)
            opened = await joined.watching.open(request, end)
    except RevokedError:
        joined.admission.leave(admitted)
        raise unauthorized("the token was taken back") from None
    except BaseException:
        joined.admission.leave(admitted)
        raise
    joined.admission.bound(admitted, opened.watch)
    return opened, admitted


async def _send_away(exchange: Exchange, apology: bytes) -> None:
    await exchange.start(200, HEADERS)
    await exchange.close(apology)


async def _proof(
    exchange: Exchange, joined: Parts, user_of: Authentication, query: dict[str, str]
) -> VerifiedToken:
    ticket = query.get("ticket")
    if ticket is None:
        return user_of.proof(exchange, query.get("token"))
    proof = await joined.ticketing.redeem(ticket)
    if proof is None:
        raise refuse(401, "the ticket is unknown, used or over", "ticket")
    return proof


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

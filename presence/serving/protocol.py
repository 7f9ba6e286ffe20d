"""Protocol: uvicorn's HTTP/1.1 connection, which lends a stream its transport.

Flow: socket -> **protocol** -> scope["extensions"]["presence.transport"] -> stream consumer -> hub.

ASGI's `send` costs a coroutine, a dictionary and two joins for each event and each stream; a transport
takes bytes that were made once for all. A consumer that finds the extension begins its response by a
normal `send` (chunked coding), takes the transport by `detach` and writes chunks to it.
"""

import asyncio
import socket
from asyncio import TimerHandle
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from presence.serving.shortcut import Shortcut

EXTENSION = "presence.transport"

# Nobody's FIN arrives when a phone loses its network. The keep-alive comments of a stream go out every
# 15 s; what is not acknowledged for this long ends the connection (the kernel's own limit is 15 min).
_UNACKNOWLEDGED_MS = 60_000


class _NoFlow(FlowControl):
    """Flow control of detached connections: the hub looks at the buffer before it writes."""

    def __init__(self) -> None:
        self.write_paused = False
        self.read_paused = False

    def pause_writing(self) -> None:
        """Do nothing."""

    def resume_writing(self) -> None:
        """Do nothing."""


_NO_FLOW = _NoFlow()

# What uvicorn looks at when a connection that is detached ends, and what is ours.
_KEPT = (
    "connections",
    "logger",
    "client",
    "transport",
    "timeout_keep_alive_task",
    "loop",
    "_when_lost",
    "_is_lost",
)


class StreamingProtocol(HttpToolsProtocol):
    """One connection. To the application it is the extension's object as well: no object more per request."""

    # Set on the subclass that a server makes for itself; see `with_shortcut`.
    shortcut: ClassVar[Shortcut | None] = None
    _fields: ClassVar[tuple[list[tuple[bytes, bytes]] | None, bytes]] = (None, b"")

    # Of a connection that is detached; before, each has its own.
    cycle: Any = None
    parser: Any = None

    _when_lost: Callable[[], None] | None = None
    _is_lost = False
    _is_detached = False
    _brief: "_Brief | None" = None
    _answered_at = 0.0

    # --- What the application may use -------------------------------------------------------------

    def on_lost(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, soon after the connection is lost; at the next turn if it is already."""
        if self._is_lost:
            self.loop.call_soon(callback)
        else:
            self._when_lost = callback

    def detach(self) -> asyncio.Transport:
        """Hand the begun response over to whoever asks: the transport, and the duty to end it.

        The application returns then, without a last body. No task waits for the stream, and what uvicorn
        keeps for a request (scope, headers, parser, its own request object: 9 KiB) is let go. Whoever has
        the transport writes chunks, ends with the last chunk and closes it. A vanished peer is found out.
        """
        connection = self.transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            try:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
                    connection.setsockopt(
                        socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS
                    )
            except (OSError, ValueError):  # uvloop's stand-in for a closed socket raises ValueError
                pass  # it is closing; whoever waits for that hears of it by `on_lost`
        self.cycle.response_complete = True
        # A dictionary of 40 attributes takes 1.6 KB. The few that are looked at from now on take 350 bytes.
        attributes = self.__dict__
        self.__dict__ = {name: attributes[name] for name in _KEPT if name in attributes}
        self.flow = _NO_FLOW
        self._is_detached = True
        return self.transport

    # --- What uvicorn calls -----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a request; a client that does not wait for its answers goes the ordinary way."""
        if self._brief is not None:
            self._go_the_ordinary_way()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Put the extension into the scope, or begin a shortcut.

        HTTP/1.0 has no chunked coding, hence no extension.
        """
        if self.parser.get_http_version() == "1.1":
            shortcut = self.shortcut
            if shortcut is not None and self.url == shortcut.path and self._is_plain_post():
                admitted = shortcut.admit(self.headers)
                if admitted is not None:
                    self._brief = _Brief(admitted, self.parser.should_keep_alive(), self.scope)
                    return
            scope: Any = self.scope
            scope["extensions"] = {EXTENSION: self}
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Gather the body of a short request."""
        brief = self._brief
        if brief is None or brief.is_whole:
            super().on_body(body)
            return
        brief.body += body
        if len(brief.body) > self.shortcut.longest:  # type: ignore[union-attr]  # set wherever a brief is
            self._go_the_ordinary_way()

    def on_message_complete(self) -> None:
        """Ask the shortcut, if one has begun."""
        brief = self._brief
        if brief is None:
            super().on_message_complete()
            return
        brief.is_whole = True
        self.shortcut.answer(  # type: ignore[union-attr]  # set wherever a brief is
            brief.admitted, brief.body, partial(self._answer, brief)
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who asked for it."""
        super().connection_lost(exc)
        self._is_lost = True
        self._brief = None
        callback, self._when_lost = self._when_lost, None
        if callback is not None:
            self.loop.call_soon(callback)

    def shutdown(self) -> None:
        """Close when idle; after the answer when one is on its way."""
        if self._brief is not None:
            self._brief.keep_alive = False
        else:
            super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Parse. The keep-alive timer runs on under shortcuts: setting it anew each time would cost 1 us."""
        if self._is_detached:
            return  # a client of a stream has nothing more to say
        timer, self.timeout_keep_alive_task = self.timeout_keep_alive_task, None
        super().data_received(data)
        if timer is None:
            return
        now: TimerHandle | None = self.timeout_keep_alive_task  # the answer may have set one
        if now is None and self._brief is not None and not self._is_lost:
            self.timeout_keep_alive_task = timer
        else:
            timer.cancel()

    # --- The shortcut -----------------------------------------------------------------------------

    def _is_plain_post(self) -> bool:
        """Return whether nothing about this request or connection needs the ordinary way."""
        before: RequestResponseCycle | None = self.cycle
        return (
            self.parser.get_method() == b"POST"
            and (before is None or before.response_complete)
            and not self.expect_100_continue
            and not self.parser.should_upgrade()
            and not self.flow.write_paused
        )

    def _answer(self, brief: "_Brief", answer: bytes | None) -> None:
        """Write the answer in one piece: header and body apart would be two system calls."""
        if brief is not self._brief or self.transport.is_closing():
            return  # the client is gone, or went on without waiting
        if answer is None:
            self._go_the_ordinary_way()
            return
        self._brief = None
        self.server_state.total_requests += 1
        transport = self.transport
        if brief.keep_alive:
            transport.write(b"HTTP/1.1 200 OK\r\n" + self._default_fields() + answer)
            self._answered_at = self.loop.time()
            if self.timeout_keep_alive_task is None:
                self._await_next_request(self.timeout_keep_alive)
        else:
            fields = self._default_fields() + b"connection: close\r\n"
            transport.write(b"HTTP/1.1 200 OK\r\n" + fields + answer)
            transport.close()

    def _await_next_request(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self._close_if_idle)

    def _close_if_idle(self) -> None:
        """Close the connection when its last answer is long ago; else look again when it will be."""
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if self._brief is not None or left > 0.05:
            self._await_next_request(max(left, 1.0))
        else:
            self.timeout_keep_alive_handler()

    def _default_fields(self) -> bytes:
        """Return uvicorn's own header fields, made into bytes once a second, when it makes new ones."""
        defaults = self.server_state.default_headers
        known, fields = StreamingProtocol._fields
        if known is not defaults:
            fields = b"".join(b"%s: %s\r\n" % field for field in defaults)
            StreamingProtocol._fields = (defaults, fields)
        return fields

    def _go_the_ordinary_way(self) -> None:
        """Hand the request to the application, as if there were no shortcut."""
        brief, self._brief = self._brief, None
        if brief is None:
            return
        self._unset_keepalive_if_required()
        scope = brief.scope
        scope["method"] = "POST"
        scope["path"] = self.shortcut.path.decode()  # type: ignore[union-attr]  # set wherever a brief is
        scope["raw_path"] = self.shortcut.path  # type: ignore[union-attr]  # set wherever a brief is
        scope["query_string"] = b""
        scope["extensions"] = {EXTENSION: self}
        self.cycle = RequestResponseCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=brief.keep_alive,
            on_response=self.on_response_complete,
        )
        self.cycle.body = bytearray(brief.body)
        self.cycle.more_body = not brief.is_whole
        self.cycle.message_event.set()
        self._start_asgi_task(self.cycle, self.app)


class _Brief:
    """A request that goes by the shortcut."""

    __slots__ = ("admitted", "body", "is_whole", "keep_alive", "scope")

    def __init__(self, admitted: Any, keep_alive: bool, scope: Any) -> None:
        self.admitted = admitted
        self.body = b""
        self.is_whole = False
        self.keep_alive = keep_alive
        self.scope = scope


def with_shortcut(shortcut: Shortcut) -> type[StreamingProtocol]:
    """Return the protocol with a shortcut."""
    return type("ShortcutProtocol", (StreamingProtocol,), {"shortcut": shortcut})

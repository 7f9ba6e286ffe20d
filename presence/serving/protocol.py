"""Protocol: uvicorn's HTTP/1.1 connection, which lends a stream its transport.

Flow: socket -> **protocol** -> scope["extensions"]["presence.transport"] -> stream consumer -> hub.

ASGI's `send` costs a coroutine, a dictionary and two joins for each event and each stream; a transport
takes bytes that were made once for all. A consumer that finds the extension begins its response by a
normal `send` (chunked coding), writes chunks to `transport`, and ends by a normal `send` of the last body.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "presence.transport"

# Nobody's FIN arrives when a phone loses its network. The keep-alive comments of a stream go out every
# 15 s; what is not acknowledged for this long ends the connection (the kernel's own limit is 15 min).
_UNACKNOWLEDGED_MS = 60_000


class StreamingProtocol(HttpToolsProtocol):
    """One connection. To the application it is the extension's object as well: no object more per request."""

    _when_lost: Callable[[], None] | None = None
    _is_lost = False

    # --- What the application may use -------------------------------------------------------------

    def on_lost(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, soon after the connection is lost; at the next turn if it is already."""
        if self._is_lost:
            self.loop.call_soon(callback)
        else:
            self._when_lost = callback

    def attach(self) -> asyncio.Transport:
        """Take the transport into use for a long response, so that a vanished peer is found out."""
        connection = self.transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            try:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
                    connection.setsockopt(
                        socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS
                    )
            except OSError:
                pass  # it is closing; whoever waits for that hears of it by `on_lost`
        return self.transport

    # --- What uvicorn calls -----------------------------------------------------------------------

    def on_headers_complete(self) -> None:
        """Put the extension into the scope; HTTP/1.0 has no chunked coding, hence no extension."""
        if self.parser.get_http_version() == "1.1":
            scope: Any = self.scope
            scope["extensions"] = {EXTENSION: self}
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who asked for it."""
        super().connection_lost(exc)
        self._is_lost = True
        callback, self._when_lost = self._when_lost, None
        if callback is not None:
            self.loop.call_soon(callback)

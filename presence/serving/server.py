"""Server: one process's uvicorn, which ends without cutting anybody off.

Flow: signal -> **server** -> drain (the application says goodbye) -> open responses end -> exit 0.

uvicorn by itself waits for open streams without telling the application that it should end them, and
closes them in the middle when its patience ends.
"""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from presence.serving import access_log
from presence.serving.protocol import StreamingProtocol, with_shortcut
from presence.serving.shortcut import Shortcut

Drain = Callable[[], Awaitable[None]]

CANNOT_START = STARTUP_FAILURE

# Longer than nginx keeps its idle upstream connections (60 s), so that it is never we who close one
# under a request; and long enough for a browser's next heartbeat (25 s) to need no new connection.
_KEEP_ALIVE_SECONDS = 75
_GRACE = 0.1  # seconds; what is on its way has arrived by then
# Containers made and not gone again before the youngest, middle and oldest are searched for cycles. By Python's
# own (700, 10, 10) a search of all that 10,000 streams keep comes every few thousand streams that open, takes a
# tenth of that time, and lets everybody wait for it.
_COLLECT_AFTER = (10_000, 10, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How one process serves.

    application: the ASGI application's import path, `package.module:name`.
    drain: told once when the end begins; returns when every stream was told goodbye.
    patience: seconds for draining and for open responses together; what is left then is cut.
    shortcut: makes, inside of the serving loop, what answers the most frequent request (see `shortcut`).
    trusted_proxies: addresses whose X-Forwarded-* headers count, comma-separated; empty: nobody's.
    """

    application: str
    drain: Drain
    patience: float
    shortcut: Callable[[], Shortcut] | None = None
    trusted_proxies: str = ""
    access_log: bool = False

    def run(self, listeners: Sequence[socket.socket]) -> int:
        """Serve on `listeners` until told to end; return the exit code."""
        config = uvicorn.Config(
            self.application,
            loop="uvloop",
            http=StreamingProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=self.access_log,
            server_header=False,
            proxy_headers=bool(self.trusted_proxies),
            forwarded_allow_ips=self.trusted_proxies,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        if self.access_log:
            access_log.switch_on()
        server = _Server(config, self)
        try:
            server.run(sockets=list(listeners))
        except SystemExit as failure:  # uvicorn's way to say that the application did not start
            return failure.code if isinstance(failure.code, int) else CANNOT_START
        return 0 if server.started else CANNOT_START


class _Server(uvicorn.Server):
    """uvicorn's server with a draining end."""

    def __init__(self, config: uvicorn.Config, serving: Serving) -> None:
        super().__init__(config)
        self._drain = serving.drain
        self._patience = serving.patience
        self._make_shortcut = serving.shortcut
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and leave what lives as long as the process out of every later garbage collection."""
        if self._make_shortcut is not None:
            self.config.http_protocol_class = with_shortcut(self._make_shortcut())
        await super().startup(sockets=sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT_AFTER)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Begin the end on SIGTERM and SIGINT; the second of them ends at once."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self._end, number)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def _end(self, number: signal.Signals) -> None:
        if self.should_exit:
            os._exit(128 + number)
        self.should_exit = True
        # At once, not when uvicorn's loop looks (every 0.1 s): a balancer asks for readiness meanwhile.
        self._draining = asyncio.ensure_future(self._drain())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let the application end its streams, wait for the rest, then cut what is left."""
        give_up_at = asyncio.get_running_loop().time() + self._patience
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        # Requests that were on their way when we stopped are read before their connections count as idle:
        # closing one under a request resets it.
        await asyncio.sleep(_GRACE)
        if self._draining is not None:
            await asyncio.wait([self._draining], timeout=self._patience)
            if self._draining.done() and not self._draining.cancelled():
                error = self._draining.exception()
                if error is not None:
                    uvicorn.server.logger.error("draining failed", exc_info=error)
        for connection in list(self.server_state.connections):
            connection.shutdown()  # idle ones close now, busy ones after their response
        await self._until_quiet(give_up_at)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await self._until_quiet(asyncio.get_running_loop().time() + 1.0)
        await self.lifespan.shutdown()

    async def _until_quiet(self, give_up_at: float) -> None:
        loop, state = asyncio.get_running_loop(), self.server_state
        # uvicorn keeps both in sets and tells nobody when they change.
        while (state.connections or state.tasks) and loop.time() < give_up_at:  # noqa: ASYNC110 (see above)
            await asyncio.sleep(0.02)

"""A relay between browsers and a site, for what happens to networks: lines that are cut, proxies that buffer."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from tests.servers import free_port


@dataclass
class Relay:
    """Passes bytes on to `to`, a port of this machine, until it is told otherwise."""

    to: int
    port: int = field(default_factory=free_port)
    buffers: bool = (
        False  # new streams get nothing, as from a proxy that waits for the end of an answer
    )
    _server: asyncio.Server | None = None
    _lines: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Accept connections."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Break every connection, and accept no new one until it is opened again."""
        assert self._server is not None
        self._server.close()
        for line in self._lines:
            line.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._lines.add(writer)
        with contextlib.suppress(OSError):
            there, site = await asyncio.open_connection("127.0.0.1", self.to)
            self._lines.add(site)
            await asyncio.gather(self._pass(reader, site), self._pass(there, writer))
            self._lines.discard(site)
        self._lines.discard(writer)
        self._tasks.discard(task)

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        is_held = False
        with contextlib.suppress(OSError):
            while some := await source.read(65536):
                is_held = is_held or (self.buffers and b"text/event-stream\r\n" in some)
                if not is_held:
                    target.write(some)
                    await target.drain()
        target.close()

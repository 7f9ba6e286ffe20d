"""Sinks: where a mailbox's bytes go. Two kinds, by what the server offers.

Flow: mailbox -> **sink** -> socket.

`TransportSink` writes to the server's own transport (our uvicorn protocol puts it into the scope):
no task, no coroutine, no copy per stream. `SendSink` is for every other ASGI server: one writer task.
Neither queues more than one chunk; what cannot be written stays in the mailbox.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

Send = Callable[[Mapping[str, Any]], Awaitable[None]]

# A transport that holds this much unsent is left alone: about 300 records, half a socket buffer.
MAX_UNSENT = 65_536


class Sink(Protocol):
    """A stream's way out.

    `is_chunked` says that the caller adds the chunked transfer coding itself. `write` returns False,
    having taken nothing, when the client has not read enough; it never blocks and never raises.
    """

    is_chunked: bool

    def write(self, data: bytes) -> bool:
        """Take `data` for sending, or refuse it."""
        ...

    @property
    def is_idle(self) -> bool:
        """Return whether everything written has left this process."""
        ...


class TransportSink:
    """Writes to an asyncio transport directly."""

    __slots__ = ("_transport",)
    is_chunked = True

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        """Write to `transport`, whose response has begun with chunked coding."""
        self._transport = transport

    def write(self, data: bytes) -> bool:
        """Take `data`, unless `MAX_UNSENT` bytes wait already."""
        transport = self._transport
        if transport.get_write_buffer_size() > MAX_UNSENT or transport.is_closing():
            return False
        transport.write(data)
        return True

    @property
    def is_idle(self) -> bool:
        """Return whether the transport's buffer is empty."""
        return self._transport.get_write_buffer_size() == 0


class SendSink:
    """Writes by ASGI `send`, from one task, so that a slow client delays nobody else."""

    __slots__ = ("_next", "_send", "_wake", "is_idle")
    is_chunked = False

    def __init__(self, send: Send) -> None:
        """Write through `send`, whose response has begun."""
        self._send = send
        self._next: bytes | None = None
        self._wake = asyncio.Event()
        self.is_idle = True

    def write(self, data: bytes) -> bool:
        """Take `data`, unless the chunk before it is still on its way."""
        if not self.is_idle:
            return False
        self.is_idle = False
        self._next = data
        self._wake.set()
        return True

    async def run(self) -> None:
        """Send what is written, until cancelled. Raises what `send` raises when the client is gone."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            data, self._next = self._next, None
            if data is not None:
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
            self.is_idle = True

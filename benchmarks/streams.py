"""Streams: a load client that holds thousands of event streams and counts what they deliver.

Flow: claim -> **streams** -> server.

One thread, raw sockets and epoll. It counts marks in the bytes as they come and parses nothing.
"""

import select
import socket
import time
from collections.abc import Callable, Sequence

TOGETHER = 200  # streams that are opened at once
_BIND_ADDRESS_NO_PORT = 24  # Linux; a name for it came with Python 3.12


class StreamsNotOpenedError(Exception):
    """Some streams were refused or did not answer: there is nothing to measure."""


class Streams:
    """Open streams of one server. Use as a context manager."""

    def __init__(
        self,
        requests: Sequence[bytes],
        *,
        port: int,
        mark: bytes,
        frame: bytes | None = None,
        when_first_are_open: Callable[[], None] | None = None,
    ) -> None:
        """Open one stream for each of `requests`; an event is whatever has `mark` in it, once.

        With `frame`: also count how often that was written, when one writing may hold several events.
        `when_first_are_open` is called when the first `TOGETHER` are: what a server takes once, it has taken by then.
        """
        self._mark = mark
        self._frame = frame
        self._listeners: dict[int, Callable[[bytes], None]] = {}
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._opened: list[int] = []
        self._buffer = bytearray(262_144)
        self._view = memoryview(self._buffer)
        self.events = 0
        self.frames = 0
        for start in range(0, len(requests), TOGETHER):
            batch = [self._open(port, each) for each in requests[start : start + TOGETHER]]
            self._await_beginnings(batch)
            if not start and when_first_are_open is not None:
                when_first_are_open()

    def __enter__(self) -> "Streams":
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets.values():
            one.close()
        self._poll.close()

    def __len__(self) -> int:
        return len(self._sockets)

    def read(self, timeout: float) -> int:
        """Read what has come, waiting up to `timeout` seconds for something; return how many events came."""
        mark, view, buffer, found = self._mark, self._view, self._buffer, 0
        for number, _ in self._poll.poll(timeout, 1024):
            size = self._sockets[number].recv_into(view)
            if not size:
                self._poll.unregister(number)
                continue
            found += buffer.count(mark, 0, size)
            if self._frame is not None:
                self.frames += buffer.count(self._frame, 0, size)
            if number in self._listeners:
                self._listeners[number](bytes(view[:size]))
        self.events += found
        return found

    def listen(self, place: int, heard: Callable[[bytes], None]) -> None:
        """Hand every piece that the stream of the request at `place` delivers to `heard`."""
        self._listeners[self._opened[place]] = heard

    def settle(self) -> None:
        """Read until nothing has come for half a second: snapshots, and what is late."""
        while self.read(0.5):
            pass

    def read_for(self, seconds: float) -> int:
        """Read for so long; return how many events came."""
        before, give_up_at = self.events, time.perf_counter() + seconds
        while (left := give_up_at - time.perf_counter()) > 0:
            self.read(left)
        return self.events - before

    def publish_for(
        self,
        seconds: float,
        publish: Callable[[], None],
        *,
        ahead: int,
        every: float = 0.0,
        each: int | None = None,
    ) -> tuple[int, float]:
        """Publish whenever fewer than `ahead` events are on their way to anybody, at most once in `every` seconds.

        Return how many events were delivered, and in how many seconds. `each`: to how many streams one is delivered, if
        not to all.

        So every server is driven at its own pace, as fast as it goes.
        """
        before, published, size = self.events, 0, each or len(self._sockets)
        began_at = time.perf_counter()
        while time.perf_counter() < began_at + seconds:
            is_due = time.perf_counter() >= began_at + published * every
            if is_due and self.events - before >= (published - ahead + 1) * size:
                publish()
                published += 1
            self.read_awake()
        # What is on its way still costs the server: count it. The slowest take seconds to begin with 10,000 streams.
        heard_at, patience = time.perf_counter(), 20.0
        while self.events - before < published * size and time.perf_counter() < heard_at + patience:
            if self.read_awake():
                heard_at, patience = time.perf_counter(), 1.0
        return self.events - before, time.perf_counter() - began_at

    def publish_at(self, publish: Callable[[], None], *, every: float, seconds: float) -> int:
        """Publish by the clock, one in `every` seconds, and read; then read until nothing comes. Return how many."""
        began_at, published = time.perf_counter(), 0
        while (past := time.perf_counter() - began_at) < seconds:
            if published <= past / every:
                publish()
                published += 1
            self.read_awake()
        self.settle()
        return published

    def read_awake(self) -> int:
        """Read what is there, without sleeping in epoll until it comes.

        A client that waits is woken by the first bytes, which on loopback the *server's* write pays for: 2 to 6 us,
        depending on how fast the server is. Clients elsewhere on a network wake nobody here.
        """
        found = self.read(0)
        if not found:
            time.sleep(0.001)
        return found

    def _open(self, port: int, request: bytes) -> socket.socket:
        one = socket.socket()
        one.settimeout(10)
        # One address has 28,000 ports for connections to one server: beyond 20,000 streams the next one serves.
        # Chosen when it connects: those of streams to another server a minute ago are free for this one.
        one.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        one.bind((f"127.0.0.{1 + len(self._sockets) // 20_000}", 0))
        one.connect(("127.0.0.1", port))
        one.sendall(request)
        self._sockets[one.fileno()] = one
        self._opened.append(one.fileno())
        return one

    def _await_beginnings(self, batch: Sequence[socket.socket]) -> None:
        for one in batch:
            head = b""
            while b"\r\n\r\n" not in head:
                more = one.recv(65_536)
                if not more:
                    raise StreamsNotOpenedError(head.decode(errors="replace"))
                head += more
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise StreamsNotOpenedError(head.decode(errors="replace")[:500])
            one.setblocking(False)
            self._poll.register(one.fileno(), select.EPOLLIN)


def request(path: str, headers: dict[str, str] | None = None) -> bytes:
    """Return one GET of a stream as it goes over the wire."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: text/event-stream"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"

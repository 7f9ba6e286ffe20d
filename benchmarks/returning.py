"""Returning: a load client that opens streams at a pace, as after a deployment, while heartbeats go on beside.

Flow: claim -> **returning** -> server.

Open loop: whoever is due comes, however busy the server is, and waits. Everything is measured from when it was due,
so that a server that stands still is not asked less. One thread, raw sockets and epoll.
"""

import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

_HEARTBEATS = 100  # a second
_TICK = 0.001


@dataclass(slots=True)
class Return:
    """What became of all who came back: ms until each had its snapshot, ms of each heartbeat, what went wrong."""

    opened: list[float] = field(default_factory=list)
    beats: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lasted: float = 0.0
    received: int = 0


class Returning:
    """Streams that open at a pace. Use as a context manager: they stay open until its end."""

    def __init__(self, port: int, streams: Sequence[bytes], beats: Sequence[bytes]) -> None:
        """Open `streams`; send `beats` in turn, each over a connection of its own that is open by then."""
        self._port = port
        self._requests = streams
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._due: dict[int, float] = {}
        self._unsent: dict[int, bytes] = {}
        self._beats = [(self._connect(), body) for body in beats]
        self._is_beat = {one.fileno() for one, _ in self._beats}
        self._buffer = bytearray(262_144)
        self._found = Return()

    def __enter__(self) -> "Returning":
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets.values():
            one.close()
        self._poll.close()

    def run(self, *, within: float, patience: float) -> Return:
        """Open all streams spread over `within` seconds; give up on those that wait after `patience` more."""
        found, began_at = self._found, time.perf_counter()
        count, begun, beaten, done_at = len(self._requests), 0, 0, 0.0
        while (past := time.perf_counter() - began_at) < within + patience:
            while begun < min(count, past / within * count):
                self._open(self._requests[begun], began_at + begun / count * within)
                begun += 1
            while beaten < past * _HEARTBEATS:
                self._beat(beaten, began_at + beaten / _HEARTBEATS)
                beaten += 1
            if not self._read():
                time.sleep(_TICK)
            if len(found.opened) + len(found.errors) >= count:
                done_at = done_at or time.perf_counter()
                if past >= within and not (self._is_beat & self._due.keys()):
                    break
        found.errors += ["no answer"] * (count - len(found.opened) - len(found.errors))
        found.lasted = (done_at or time.perf_counter()) - began_at
        return found

    def _connect(self) -> socket.socket:
        one = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        one.setblocking(False)
        self._sockets[one.fileno()] = one
        self._poll.register(one.fileno(), select.EPOLLIN)
        return one

    def _open(self, request: bytes, due_at: float) -> None:
        # Loopback connects at once, unless the server's backlog is full: then the kernel tries again for us, and the
        # request goes out when it has.
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", self._port))
        self._sockets[one.fileno()] = one
        self._due[one.fileno()] = due_at
        self._unsent[one.fileno()] = request
        self._poll.register(one.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def _beat(self, number: int, due_at: float) -> None:
        one, body = self._beats[number % len(self._beats)]
        if one.fileno() in self._due:
            return  # its answer is awaited still: that wait is what is measured
        self._due[one.fileno()] = due_at
        one.sendall(body)

    def _read(self) -> int:
        ready = self._poll.poll(0, 1024)
        found, view = self._found, memoryview(self._buffer)
        for number, event in ready:
            if number in self._unsent:
                self._send(number, event)
                continue
            try:
                size = self._sockets[number].recv_into(view)
            except ConnectionResetError:
                size = 0  # refused by a full backlog, or cut: an error either way
            found.received += size
            due_at = self._due.get(number)
            if due_at is None:
                if not size:
                    self._lose(number, "closed by the server")
                continue
            now = time.perf_counter()
            piece = bytes(view[:size])
            if number in self._is_beat:
                del self._due[number]
                found.beats.append((now - due_at) * 1000)
                if piece[9:10] != b"2":
                    found.errors.append(piece[:80].decode(errors="replace"))
            elif b"event: snapshot" in piece:
                del self._due[number]
                found.opened.append((now - due_at) * 1000)
            elif not size or b"goodbye" in piece or b" 200 " not in piece[:20]:
                self._lose(number, piece[:300].decode(errors="replace") or "closed")
        return len(ready)

    def _send(self, number: int, event: int) -> None:
        """Send the request of a stream that is connected by now, or was refused."""
        request = self._unsent.pop(number)
        if event & select.EPOLLERR:
            self._lose(number, "no connection")
        else:
            self._sockets[number].send(request)  # small: it goes out whole
            self._poll.modify(number, select.EPOLLIN)

    def _lose(self, number: int, why: str) -> None:
        self._due.pop(number, None)
        self._poll.unregister(number)
        self._found.errors.append(why)

"""Changes: heartbeats that change somebody's status, sent at a pace, and when each was sent.

Flow: claim -> **changes** -> the web process that publishes; an event comes back -> **changes** -> its latency.
"""

import re
import socket
import time
from collections.abc import Sequence
from contextlib import suppress

from benchmarks.streams import Streams

_CONNECTIONS = 16  # so that a change does not wait for the answer to the one before
_USER = re.compile(rb'"user":"(\w+)"')


class Changes:
    """Sends prepared requests in turn, each of which changes one user. Use as a context manager."""

    def __init__(self, port: int, requests: Sequence[tuple[str, bytes]]) -> None:
        """Send `requests`, pairs of the user whom it changes and the bytes, to `port`."""
        self._sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(_CONNECTIONS)]
        for one in self._sockets:
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = requests
        self._sent_at: dict[str, float] = {}
        self.sent = 0
        self.latencies: list[float] = []

    def __enter__(self) -> "Changes":
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            one.close()

    def send(self) -> str:
        """Send the next change; return whose it is. Answers are thrown away."""
        user, body = self._requests[self.sent % len(self._requests)]
        one = self._sockets[self.sent % len(self._sockets)]
        with suppress(BlockingIOError):
            one.recv(65_536)
        self._sent_at[user] = time.perf_counter()
        one.sendall(body)
        self.sent += 1
        return user

    def send_for(self, seconds: float, streams: Streams, *, a_second: float) -> None:
        """Send `a_second`, while `streams` are read; then read until what was sent has arrived."""
        began_at, first = time.perf_counter(), self.sent
        while (past := time.perf_counter() - began_at) < seconds:
            while self.sent - first < past * a_second:
                self.send()
            streams.read_awake()
        streams.read_for(0.6)  # twice the flush interval, and a margin

    def heard(self, chunk: bytes) -> None:
        """Note when each user who changed in `chunk`, bytes of one stream, arrived: ms after it was sent."""
        now = time.perf_counter()
        for user in _USER.findall(chunk):
            sent_at = self._sent_at.get(user.decode())
            if sent_at is not None:
                self.latencies.append((now - sent_at) * 1000)

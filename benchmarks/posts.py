"""Posts: a load client for requests that are answered at once.

Flow: claim -> **posts** -> server.

Closed loop over keep-alive connections: each sends its next request when it has the answer to the last. One
thread, raw sockets and epoll, so that it costs a tenth of what it measures.
"""

import select
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle


class UnexpectedAnswerError(Exception):
    """The server answered something else than 2xx: there is nothing to measure."""


def post_for(
    seconds: float,
    *,
    port: int,
    requests: Sequence[bytes],
    connections: int,
    rate: float | None = None,
) -> list[float]:
    """Send `requests` in turn for so long; return each answer's latency in ms.

    `rate`: at most so many a second, of all connections together.
    """
    return _post(_paced(cycle(requests), rate), seconds, port, connections)


def post_each(
    requests: Sequence[bytes], *, port: int, connections: int, rate: float | None = None
) -> list[float]:
    """Send each of `requests` once, at most `rate` a second; return each answer's latency in ms."""
    return _post(_paced(requests, rate), 600.0, port, connections)


def _post(requests: Iterator[bytes], seconds: float, port: int, connections: int) -> list[float]:
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    sent_at: dict[int, float] = {}
    latencies: list[float] = []
    clock = time.perf_counter
    try:
        for _ in range(connections):
            one = socket.create_connection(("127.0.0.1", port), timeout=5)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sockets[one.fileno()] = one
            poll.register(one.fileno(), select.EPOLLIN)
        give_up_at = clock() + seconds
        for (number, one), first in zip(sockets.items(), requests, strict=False):
            one.sendall(first)
            sent_at[number] = clock()
        while sent_at:
            for number, _ in poll.poll(5):
                one = sockets[number]
                answer = one.recv(4096)
                if not _is_whole(answer):
                    answer += one.recv(4096)
                if answer[9:10] != b"2":
                    raise UnexpectedAnswerError(answer.decode(errors="replace"))
                now = clock()
                latencies.append((now - sent_at.pop(number)) * 1000)
                following = next(requests, None) if now < give_up_at else None
                if following is not None:
                    sent_at[number] = now
                    one.sendall(following)
    finally:
        poll.close()
        for one in sockets.values():
            one.close()
    return latencies


def _paced(requests: Iterable[bytes], rate: float | None) -> Iterator[bytes]:
    """Give `requests`, each when it is due; whoever asks early waits."""
    began_at = time.perf_counter()
    for number, each in enumerate(requests):
        early = 0.0 if rate is None else began_at + number / rate - time.perf_counter()
        if early > 0.001:  # sleeping is not exact to less: a few together leave in time on average
            time.sleep(early)
        yield each


def _is_whole(answer: bytes) -> bool:
    end = answer.find(b"\r\n\r\n")
    length = answer.find(b"ontent-length: ")
    if length < 0:
        length = answer.find(b"ontent-Length: ")
    if end < 0 or length < 0:
        return end >= 0
    return len(answer) >= end + 4 + int(answer[length + 15 : answer.index(b"\r", length)])


def request(path: str, *, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """Return one POST as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

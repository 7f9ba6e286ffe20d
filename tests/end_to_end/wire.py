"""HTTP as it travels: requests as a client sends them, well formed or not, and their answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage, HTTPResponse
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One whole response."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """What the body says."""
        return json.loads(self.body)

    def is_problem(self, status: int, field: str | None = None) -> bool:
        """Whether it is a problem document of that status that names `field`."""
        assert self.status == status, (self.status, self.body[:500])
        assert self.headers["content-type"] == "application/problem+json", self.body[:500]
        said = self.json
        assert (said["status"], said.get("field")) == (status, field), said
        assert said["detail"] and said["title"] and "Traceback" not in said["detail"]
        return True


def ask(
    port: int,
    method: str,
    path: str,
    *,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    within: float = 60.0,
) -> Answer:
    """Send one request on a connection of its own; a body that is no bytes goes as JSON."""
    sent = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    connection = HTTPConnection("127.0.0.1", port, timeout=within)
    try:
        connection.request(method, path, body, sent)
        return _read(connection.getresponse())
    finally:
        connection.close()


def connect(port: int, *, within: float = 60.0, receive_buffer: int | None = None) -> socket.socket:
    """Open a connection; `receive_buffer` bounds what kernels hold for a client that does not read."""
    connection = socket.socket()
    connection.settimeout(within)
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        # The sender's buffer follows the segment size, which on loopback is 64 KiB.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    connection.connect(("127.0.0.1", port))
    return connection


def say(port: int, raw: bytes, *, method: str = "GET") -> Answer:
    """Send bytes as they are, and read one response."""
    with connect(port) as connection:
        connection.sendall(raw)
        return answer_on(connection, method)


def answer_on(connection: socket.socket, method: str = "GET") -> Answer:
    """Read one response from a connection that stays usable as long as nothing was pipelined."""
    response = HTTPResponse(connection, method=method)
    response.begin()
    return _read(response)


def _read(response: HTTPResponse) -> Answer:
    try:
        return Answer(status=response.status, headers=response.headers, body=response.read())
    finally:
        response.close()

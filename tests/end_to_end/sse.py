"""A reader of Server-Sent Events on a raw socket, which never waits without an end."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import h11

from tests.end_to_end.wire import connect

Record = dict[str, Any]
WITHIN = 60.0  # seconds; a guard against hanging, never a claim about speed


@dataclass(frozen=True, slots=True)
class Event:
    """One event, its data read as JSON."""

    name: str
    data: Any
    id: str | None

    @property
    def records(self) -> dict[str, Record]:
        """The records that it carries, by user."""
        return {record["user"]: record for record in self.data.get("users", ())}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All pages of a snapshot."""

    pages: list[Event]

    @property
    def records(self) -> dict[str, Record]:
        """The records of all pages, by user."""
        return {user: record for page in self.pages for user, record in page.records.items()}

    @property
    def is_partial(self) -> bool:
        """Whether it says only what changed."""
        return bool(self.pages[0].data["partial"])

    @property
    def cursor(self) -> str:
        """Where it leaves the watcher."""
        cursor = self.pages[-1].id
        assert cursor is not None
        return cursor


class StreamEndedError(AssertionError):
    """The stream ended where an event was expected."""


class Stream:
    """One open stream. `comments`, `retry` and `last_id` are those read so far."""

    def __init__(
        self,
        port: int,
        target: str,
        headers: Mapping[str, str] | None = None,
        *,
        receive_buffer: int | None = None,
    ) -> None:
        """Send the request; the response's head is read when it is first asked for."""
        self.comments = 0
        self.retry: int | None = None
        self.last_id: str | None = None
        self.is_ended = False  # as HTTP says it, not cut
        self.is_cut = False
        self._events: deque[Event] = deque()
        self._text = b""
        self._head: h11.Response | None = None
        self._http = h11.Connection(h11.CLIENT)
        self._socket = connect(port, receive_buffer=receive_buffer)
        fields = {"Host": f"127.0.0.1:{port}", "Accept": "text/event-stream", **(headers or {})}
        request = h11.Request(method="GET", target=target, headers=list(fields.items()))
        sent = self._http.send(request)
        self._http.send(h11.EndOfMessage())
        assert sent is not None
        self._socket.sendall(sent)

    # --- The head ---------------------------------------------------------------------------------

    @property
    def status(self) -> int:
        """The response's status."""
        return self._response().status_code

    @property
    def headers(self) -> dict[str, str]:
        """The response's headers, names in lower case."""
        return {name.decode(): value.decode() for name, value in self._response().headers}

    def _response(self) -> h11.Response:
        self._read_until(lambda: self._head is not None, WITHIN)
        assert self._head is not None, "the connection was closed before there was an answer"
        return self._head

    # --- Events -----------------------------------------------------------------------------------

    def next(self, *, within: float = WITHIN) -> Event:
        """Return the next event; comments are counted, not returned."""
        self._read_until(lambda: bool(self._events), within)
        if self._events:
            return self._events.popleft()
        if self.is_ended or self.is_cut:
            raise StreamEndedError("the stream has ended")
        raise AssertionError(f"no event within {within} s")

    def wait_for(self, name: str, *, within: float = WITHIN) -> Event:
        """Return the next event called `name`, passing over others."""
        give_up_at = time.monotonic() + within
        while True:
            event = self.next(within=max(0.0, give_up_at - time.monotonic()))
            if event.name == name:
                return event

    def snapshot(self, *, within: float = WITHIN) -> Snapshot:
        """Return the next snapshot, all its pages."""
        pages = [self.wait_for("snapshot", within=within)]
        while pages[-1].data["more"]:
            pages.append(self.next(within=within))
            assert pages[-1].name == "snapshot"
        return Snapshot(pages)

    def sees(self, user: str, status: str, *, within: float = WITHIN) -> Record:
        """Return the record of `user` once an event, be it the snapshot, shows that status."""
        give_up_at = time.monotonic() + within
        while True:
            event = self.next(within=max(0.0, give_up_at - time.monotonic()))
            record = event.records.get(user)
            if record is not None and record["status"] == status:
                return record

    def read_to_end(self, *, within: float = WITHIN) -> list[Event]:
        """Return every event that is left, once the stream has ended."""
        self._read_until(lambda: False, within)
        assert self.is_ended or self.is_cut, f"the stream is still open after {within} s"
        events, self._events = list(self._events), deque()
        return events

    def wait_until(self, happened: Callable[[], bool], *, within: float = WITHIN) -> None:
        """Read until `happened()`; events stay to be asked for."""
        self._read_until(happened, within)
        assert happened(), f"not within {within} s"

    def waiting(self) -> list[Event]:
        """Return the events that have arrived already, without waiting for more."""
        self._read_until(lambda: False, 0.0)
        events, self._events = list(self._events), deque()
        return events

    # --- The end ----------------------------------------------------------------------------------

    def close(self) -> None:
        """Hang up, as a closed tab does."""
        self._socket.close()

    def abort(self) -> None:
        """Hang up with a reset, as a crashed client does."""
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    # --- Bytes ------------------------------------------------------------------------------------

    def _read_until(self, is_enough: Callable[[], bool], within: float) -> None:
        give_up_at = time.monotonic() + within
        while not (is_enough() or self.is_ended or self.is_cut):
            left = give_up_at - time.monotonic()
            self._socket.settimeout(min(max(0.001, left), 0.25))
            try:
                data = self._socket.recv(65_536)
            except TimeoutError:
                if left <= 0.25:
                    return
                continue  # the condition may be one of time
            except ConnectionError:
                self.is_cut = True
                return
            self._take(data)

    def _take(self, data: bytes) -> None:
        self._http.receive_data(data)
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError:
                self.is_cut = True  # closed in the middle of the response
                return
            if isinstance(event, h11.Response):
                self._head = event
            elif isinstance(event, h11.Data):
                self._text += event.data
            elif isinstance(event, h11.EndOfMessage):
                self.is_ended = True
            elif isinstance(event, h11.ConnectionClosed):
                self.is_cut = not self.is_ended
                break
            else:
                break
        *blocks, self._text = self._text.split(b"\n\n")
        for block in blocks:
            self._parse(block.decode())

    def _parse(self, block: str) -> None:
        name, data = "message", []
        for line in block.split("\n"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not field:
                self.comments += 1
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif field == "id":
                self.last_id = value
            elif field == "retry":
                self.retry = int(value)
            else:
                raise AssertionError(f"{line!r} is no line of an event stream")
        if data:
            identity = self.last_id if "id:" in block else None
            self._events.append(Event(name, json.loads("\n".join(data)), identity))

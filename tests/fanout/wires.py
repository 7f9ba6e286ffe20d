"""The other end of a stream: a sink that a test can stop, and a client that knows only its bytes."""

import json
from typing import Any

from httpx_sse._decoders import SSEDecoder, SSELineDecoder

GONE = {"status": "offline", "since": None, "last_seen": None, "devices": [], "message": None}


class Wire:
    """A sink that takes everything, or, while `is_stuck`, nothing."""

    is_chunked = False

    def __init__(self) -> None:
        self.body = b""
        self.writes: list[bytes] = []
        self.is_stuck = False

    def write(self, data: bytes) -> bool:
        if self.is_stuck:
            return False
        self.body += data
        self.writes.append(data)
        return True

    @property
    def is_idle(self) -> bool:
        return not self.is_stuck


class Client:
    """What a browser would know after these bytes, by an SSE parser that is not ours."""

    def __init__(self) -> None:
        self._read = 0
        self._lines, self._events = SSELineDecoder(), SSEDecoder()
        self.cursor = ""
        self.users: dict[str, dict[str, Any]] = {}
        self.rooms: dict[str, dict[str, Any]] = {}
        self.seen: list[tuple[str, Any]] = []

    def reconnected(self) -> None:
        """Read a new stream from its first byte; what is known stays until it says otherwise."""
        self._read = 0
        self._lines, self._events = SSELineDecoder(), SSEDecoder()

    def read(self, wire: Wire) -> list[tuple[str, Any]]:
        """Take what has arrived; return its events as (name, data)."""
        text = wire.body[self._read :].decode()
        self._read = len(wire.body)
        events = []
        for line in self._lines.decode(text) if text else []:
            event = self._events.decode(line)
            if event is None:
                continue
            self.cursor = event.id or self.cursor
            if event.data:
                events.append((event.event, json.loads(event.data)))
                self._take(*events[-1])
        self.seen += events
        return events

    def _take(self, name: str, data: Any) -> None:
        if name == "snapshot" and not data["partial"]:
            self.users = {}
        if name in {"snapshot", "presence"}:
            self.users |= {record["user"]: record for record in data["users"]}
        if name == "room":
            self.rooms[data["room"]] = data


def facts(record: dict[str, Any]) -> dict[str, Any]:
    """What a record says of somebody, without its name and number."""
    return {key: record[key] for key in GONE}


def shown(records: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Who is shown as anything but never seen: absent and gone are the same to a watcher."""
    return {user: facts(record) for user, record in records.items() if facts(record) != GONE}

"""Frames: the bytes of Server-Sent Events.

Flow: wire records -> **frames** -> mailbox, sink.

Framing rules: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6.
"""

from collections.abc import Iterable
from typing import Any

from presence.domain.cursor import Cursor
from presence.fanout.wire import encode

KEEPALIVE = b":\n\n"
PING = b"event: ping\ndata: {}\n\n"


def retry_frame(milliseconds: int) -> bytes:
    """Return the frame that tells EventSource how long to wait before it reconnects."""
    return b"retry: %d\n\n" % milliseconds


def event_frame(event: str, data: Any, cursor: Cursor | None = None) -> bytes:
    """Return one event with JSON `data`; `cursor` becomes its id."""
    head = f"id: {cursor}\n" if cursor is not None else ""
    return f"{head}event: {event}\ndata: ".encode() + encode(data) + b"\n\n"


def presence_frame(cursor: Cursor, records: Iterable[bytes]) -> bytes:
    """Return a presence event with `records`, each encoded already."""
    return b'id: %s\nevent: presence\ndata: {"users":[%s]}\n\n' % (
        str(cursor).encode(),
        b",".join(records),
    )


def cursor_frame(cursor: Cursor) -> bytes:
    """Return a frame without an event: it moves the client's cursor and counts as a keep-alive."""
    return b":\nid: %s\n\n" % str(cursor).encode()


def chunked(body: bytes) -> bytes:
    """Return `body` as one chunk of HTTP/1.1 chunked transfer coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%s\r\n" % (len(body), body)

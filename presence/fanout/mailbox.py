"""Mailbox: what waits for one stream. Newest per user wins, so it never outgrows the watch list.

Flow: hub -> **mailbox** -> sink.

A change reaches an idle mailbox at once. A busy one (written to less than the flush interval ago, or
whose client reads slowly) gathers, and is flushed as one event. Bound: one entry per watched user.
"""

from presence.domain.cursor import Cursor
from presence.domain.visibility import Sight
from presence.fanout.frames import chunked, presence_frame
from presence.fanout.sinks import Sink


class Fragment:
    """One encoded record, and the whole event around it, made once for all who watch."""

    __slots__ = ("_bodies", "cursor", "record")

    def __init__(self, cursor: Cursor, record: bytes) -> None:
        """Keep the encoded `record`; as an event it carries `cursor`."""
        self.cursor = cursor
        self.record = record
        self._bodies: list[bytes | None] = [None, None]

    def body(self, is_chunked: bool) -> bytes:
        """Return this record alone as one event, with or without chunked coding."""
        body = self._bodies[is_chunked]
        if body is None:
            body = presence_frame(self.cursor, (self.record,))
            if is_chunked:
                body = chunked(body)
            self._bodies[is_chunked] = body
        return body


class Mailbox:
    """One stream: its sink, whom it watches through which lens, and what waits for it."""

    __slots__ = (
        "is_held",
        "is_scheduled",
        "pending",
        "progress_at",
        "sink",
        "viewer",
        "watched",
        "written_at",
    )

    def __init__(self, viewer: str, now: float) -> None:
        """Belong to `viewer`; held (nothing is written) until `release`."""
        self.viewer = viewer
        self.watched: Sight = {}
        self.pending: dict[str, Fragment] = {}
        self.sink: Sink | None = None
        self.is_held = True
        self.is_scheduled = False
        self.written_at = 0.0
        self.progress_at = now

    def release(self, sink: Sink, now: float) -> None:
        """Write to `sink` from now on. What gathered meanwhile is in the snapshot already."""
        self.sink = sink
        self.is_held = False
        self.written_at = 0.0
        self.progress_at = now

    def put(self, user: str, fragment: Fragment) -> None:
        """Let `fragment` wait, in the place of an older one of the same user."""
        self.pending[user] = fragment

    def flush(self, cursor: Cursor, now: float) -> bool:
        """Write what waits as one event; return False if something still waits."""
        pending, sink = self.pending, self.sink
        if not pending:
            return True
        if self.is_held or sink is None:
            return False
        if len(pending) == 1:
            (fragment,) = pending.values()
            body = fragment.body(sink.is_chunked)
        else:
            body = presence_frame(cursor, [each.record for each in pending.values()])
            if sink.is_chunked:
                body = chunked(body)
        if not sink.write(body):
            return False
        self.pending = {}
        self.written_at = self.progress_at = now
        return True

    def write(self, body: bytes, now: float) -> bool:
        """Write one frame past the queue (a keep-alive); False if the client is behind.

        It does not make the mailbox busy: a change right after it still goes out at once.
        """
        sink = self.sink
        if sink is None or not sink.write(chunked(body) if sink.is_chunked else body):
            return False
        self.progress_at = now
        return True

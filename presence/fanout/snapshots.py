"""Snapshots: the events with which a stream begins, or begins anew.

Flow: encoded records -> **snapshots** -> frames -> sink.
"""

from collections.abc import Iterator, Sequence

import msgspec

from presence.domain.cursor import Cursor
from presence.domain.instant import format_instant
from presence.fanout.frames import event_frame

SNAPSHOT_PAGE = 500  # users an event: about 100 KB, which a phone parses without a hitch
_USERS = b"[]"


def snapshot_frames(
    records: Sequence[bytes], cursor: Cursor, *, is_partial: bool, stale_after: int
) -> Iterator[bytes]:
    """Return the records, each encoded already, in events of `SNAPSHOT_PAGE` users; one if there are none.

    In pieces, to be joined with what else goes out: 200 users are 30 KB, and every copy of so much is as dear as
    making it. `is_partial`: they are added to what the client knows. `stale_after`: milliseconds.
    """
    starts = range(0, len(records), SNAPSHOT_PAGE) or (0,)
    for start in starts:
        is_last = start == starts[-1]
        frame = event_frame(
            "snapshot",
            {
                "now": format_instant(cursor.at),
                "users": msgspec.Raw(_USERS),
                "partial": is_partial or start > 0,
                "more": not is_last,
                "stale_after_ms": stale_after,
            },
            # Only the last page moves the cursor: who breaks off in between begins anew.
            cursor if is_last else None,
        )
        before, _, after = frame.partition(_USERS)
        yield before
        yield _USERS[:1]
        yield b",".join(records[start : start + SNAPSHOT_PAGE])
        yield _USERS[1:]
        yield after

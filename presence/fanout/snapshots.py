"""Snapshots: the events with which a stream begins, or begins anew.

Flow: encoded records -> **snapshots** -> frames -> sink.
"""

from collections.abc import Sequence

import msgspec

from presence.domain.cursor import Cursor
from presence.domain.instant import format_instant
from presence.fanout.frames import event_frame

SNAPSHOT_PAGE = 500  # users an event: about 100 KB, which a phone parses without a hitch


def snapshot_frames(
    records: Sequence[bytes], cursor: Cursor, *, is_partial: bool, stale_after: int
) -> bytes:
    """Return the records, each encoded already, in events of `SNAPSHOT_PAGE` users; one if there are none.

    `is_partial`: they are added to what the client knows. `stale_after`: milliseconds.
    """
    pages = [
        records[start : start + SNAPSHOT_PAGE] for start in range(0, len(records), SNAPSHOT_PAGE)
    ] or [[]]
    return b"".join(
        event_frame(
            "snapshot",
            {
                "now": format_instant(cursor.at),
                "users": msgspec.Raw(b"[" + b",".join(page) + b"]"),
                "partial": is_partial or number > 1,
                "more": number < len(pages),
                "stale_after_ms": stale_after,
            },
            # Only the last page moves the cursor: who breaks off in between begins anew.
            cursor if number == len(pages) else None,
        )
        for number, page in enumerate(pages, start=1)
    )

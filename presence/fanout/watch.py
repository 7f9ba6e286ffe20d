"""Watch: one open stream, as the hub sees it.

Flow: service.watching -> **watch** -> hub, upkeep.
"""

from collections.abc import Callable

from presence.domain.cursor import Cursor
from presence.fanout.mailbox import Mailbox


class Watch:
    """One open stream, as the hub sees it: its mailbox, its end, and how it is told to end."""

    __slots__ = ("closed", "cursor_sent", "end", "expires_at", "mailbox", "pings")

    def __init__(
        self, mailbox: Mailbox, *, expires_at: float, pings: bool, end: Callable[[str], None]
    ) -> None:
        """End by `end(reason)`: at `expires_at` (loop time) at the latest."""
        self.mailbox = mailbox
        self.expires_at = expires_at
        self.pings = pings
        self.end = end
        self.closed = False
        self.cursor_sent: Cursor | None = None

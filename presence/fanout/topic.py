"""Topic: one watched user, as this process knows them, and the mailboxes of their watchers.

Flow: change -> **topic** -> one fragment per lens -> mailboxes.
"""

from presence.domain.cursor import Cursor
from presence.domain.face import UNSEEN, Face
from presence.domain.instant import Instant
from presence.domain.visibility import Lens
from presence.fanout.mailbox import Fragment, Mailbox
from presence.fanout.wire import WireOwn, encode, wire_record


class Topic:
    """The live copy of a watched user's face. It exists as long as somebody here watches."""

    __slots__ = (
        "_fragments",
        "changed_at",
        "face",
        "is_loaded",
        "own",
        "own_changed_at",
        "records",
        "user",
        "version",
        "watchers",
    )

    def __init__(self, user: str) -> None:
        """Know nothing of `user` yet."""
        self.user = user
        self.face: Face = UNSEEN
        self.version = 0
        self.changed_at: Instant = 0
        self.own: WireOwn | None = None
        self.own_changed_at: Instant = 0
        self.is_loaded = False
        self.watchers: dict[Lens, set[Mailbox]] = {}
        self._fragments: dict[Lens, Fragment] = {}
        self.records: dict[Lens, bytes] = {}

    def show(self, face: Face, version: int, changed_at: Instant) -> bool:
        """Take a newer face; return False if it is none (a duplicate, or older than what is known)."""
        if self.is_loaded and version <= self.version:
            return False
        self.face, self.version, self.changed_at = face, version, changed_at
        self.is_loaded = True
        self._fragments, self.records = {}, {}
        return True

    def show_own(self, own: WireOwn, changed_at: Instant) -> bool:
        """Take what only the user may see of their record; return whether it is news.

        What is older than what is known is none: two who read it may come out of order.
        """
        if changed_at < self.own_changed_at:
            return False
        if (own, changed_at) == (self.own, self.own_changed_at):
            return False
        self.own, self.own_changed_at = own, changed_at
        self._fragments.pop(Lens.SELF, None)
        self.records.pop(Lens.SELF, None)
        return True

    def forget(self) -> None:
        """Count the face as unknown: its versions are of an epoch that is over."""
        self.is_loaded = False
        self.version = 0
        self.own_changed_at = 0
        self._fragments, self.records = {}, {}

    def record(self, lens: Lens) -> bytes:
        """Return the record as seen through `lens`, encoded once for all who look through it."""
        record = self.records.get(lens)
        if record is None:
            record = self.records[lens] = encode(
                wire_record(
                    user=self.user, face=self.face, version=self.version, lens=lens, own=self.own
                )
            )
        return record

    def fragment(self, lens: Lens, cursor: Cursor) -> Fragment:
        """Return the same as an event that carries `cursor`."""
        fragment = self._fragments.get(lens)
        if fragment is None or fragment.cursor != cursor:
            fragment = self._fragments[lens] = Fragment(cursor, self.record(lens))
        return fragment

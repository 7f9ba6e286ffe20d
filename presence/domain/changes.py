"""Change: one transition of what others see of a user.

Flow: transitions -> **change** -> the shard's log -> hub, history.
"""

from dataclasses import dataclass

from presence.domain.face import Face
from presence.domain.instant import Instant
from presence.domain.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What others saw before and see now; `before != after` always."""

    user: str
    before: Face
    after: Face


Position = tuple[int, int]  # (version, sub) in a shard's log; (0, 0) is before everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a shard's log. `change` is None for an own change, which only `user` may see."""

    shard: int
    position: Position
    at: Instant
    user: str
    change: Change | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedChange:
    """A change as the shard's log keeps it: numbered, and stamped by the store's clock.

    (`epoch`, `shard`, `version`) names it for ever; within a shard versions only grow.
    """

    epoch: str
    shard: int
    version: int
    at: Instant
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a signal did to a record.

    `change` is None unless what others see differs. `is_own_changed` says that something differs
    which only the user may see: sessions, choice, message, claims.

    `is_first`: the live store knew nothing of the user, and what they have just chosen is news to their own
    devices, though `before`, read from where choices are kept, has it already.
    """

    before: Record
    record: Record
    change: Change | None
    is_first: bool = False

    @property
    def is_own_changed(self) -> bool:
        """Return whether the user's own view of the record differs."""
        return self.is_first or _own_view(self.before) != _own_view(self.record)

    @property
    def is_unchanged(self) -> bool:
        """Return whether nothing at all needs to be stored."""
        return self.before == self.record and not self.is_first


def _own_view(record: Record) -> object:
    sessions = tuple(
        (each.id, each.device, each.activity, each.rooms) for each in record.sessions.values()
    )
    return sessions, record.choice, record.message, tuple(record.claims.items())

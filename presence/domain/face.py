"""Face: what others see of a user. The part of a record that goes over the wire.

Flow: record -> **face** -> visibility (what this watcher may see of it) -> frames.
"""

from dataclasses import dataclass

from presence.domain.instant import Instant
from presence.domain.message import Message
from presence.domain.status import Device, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A user's visible presence.

    `since` is when the present status began, None for a user who was never here. `last_seen` is the
    last proof of life, None while the user is reachable (it is now) and for one who was never here.
    `is_pushable` says that a device of theirs can be reached by push, even while they are offline.
    """

    status: Status = Status.OFFLINE
    since: Instant | None = None
    last_seen: Instant | None = None
    devices: tuple[Device, ...] = ()
    message: Message | None = None
    is_pushable: bool = False


UNSEEN = Face()

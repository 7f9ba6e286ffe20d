"""Signals: everything that can happen to a record.

Flow: surface, sweep, hub -> **signal** -> transitions.
"""

from dataclasses import dataclass

from presence.domain.claim import Claim
from presence.domain.message import Message
from presence.domain.record import Choice
from presence.domain.status import Activity, Device


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A session said that it lives, and what it is doing. Without `device`, on what is known of it."""

    session: str
    activity: Activity
    device: Device | None = None
    rooms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """A session said goodbye. The grace lets a page reload pass unseen."""

    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOut:
    """A session ended for good: no grace."""

    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOpened:
    """A stream that names a session was opened; `stream` names the connection."""

    session: str
    stream: str
    device: Device = Device.WEB


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLost:
    """The connection `stream` broke. Means nothing if the session has a newer one."""

    session: str
    stream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Leases may have run out. Only this ends a silent session.

    `is_held`: expiry holds, because the service itself was away; only sessions that are leaving end.
    """

    is_held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Elapsed:
    """A timed end may have come: of a choice, message, claim or activity. Leases are not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The user chose an availability."""

    choice: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWritten:
    """The user wrote a message, or took it back (None)."""

    message: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An application set a status for the user."""

    claim: Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaimed:
    """An application took its claim back."""

    app: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRegistered:
    """The user's first device was registered for push, or the last one taken out."""

    is_pushable: bool


SessionSignal = Heartbeat | Leave | SignOut | StreamOpened | StreamLost
UserSignal = Chosen | MessageWritten | Claimed | Unclaimed | PushRegistered
Signal = SessionSignal | UserSignal | Silence | Elapsed

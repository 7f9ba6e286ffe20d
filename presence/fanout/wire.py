"""Wire: a record as it travels, in snapshots, events, polls and the API alike.

Flow: face + lens -> **wire** -> JSON.
"""

import msgspec

from presence.domain.face import UNSEEN, Face
from presence.domain.instant import Instant, format_instant
from presence.domain.message import Message
from presence.domain.status import Status
from presence.domain.visibility import Lens, seen_through


class WireMessage(msgspec.Struct, frozen=True):
    """A message as others see it."""

    text: str
    emoji: str
    until: str | None


class WireSession(msgspec.Struct, frozen=True):
    """One of the user's own sessions."""

    id: str
    device: str
    activity: str
    rooms: tuple[str, ...]


class WireClaim(msgspec.Struct, frozen=True):
    """What an application says of the user."""

    app: str
    status: str
    label: str
    until: str | None


class WireOwn(msgspec.Struct, frozen=True):
    """What only the user may see of their own record."""

    availability: str
    until: str | None
    message: WireMessage | None
    sessions: list[WireSession]
    claims: list[WireClaim]


class WireRecord(msgspec.Struct, frozen=True):
    """What one user may know of another. Instants are RFC 3339, UTC.

    `reachable` is there, and true, on somebody offline whom a push would reach; `me` on one's own
    record alone.
    """

    user: str
    status: str
    since: str | None
    last_seen: str | None
    devices: tuple[str, ...]
    message: WireMessage | None
    version: int
    reachable: bool | msgspec.UnsetType = msgspec.UNSET
    me: WireOwn | msgspec.UnsetType = msgspec.UNSET


encode = msgspec.json.Encoder().encode


def wire_record(
    *, user: str, face: Face, version: int, lens: Lens, own: WireOwn | None = None
) -> WireRecord:
    """Return what is to be seen of `user` through `lens`, which must show something.

    `own` shows through one's own lens alone.
    """
    seen = seen_through(face, lens)
    return WireRecord(
        user=user,
        status=seen.status.value,
        since=instant_or_none(seen.since),
        last_seen=instant_or_none(seen.last_seen),
        devices=tuple(device.value for device in seen.devices),
        message=wire_message(seen.message),
        version=version,
        reachable=True if seen.is_pushable and seen.status is Status.OFFLINE else msgspec.UNSET,
        me=msgspec.UNSET if own is None or lens is not Lens.SELF else own,
    )


def gone_record(*, user: str, version: int) -> WireRecord:
    """Return what is shown of a user whom a watcher may no longer see: offline, and nothing else."""
    return wire_record(user=user, face=UNSEEN, version=version, lens=Lens.EXACT)


def wire_message(message: Message | None) -> WireMessage | None:
    """Return `message` as it travels."""
    if message is None:
        return None
    return WireMessage(message.text, message.emoji, instant_or_none(message.until))


def instant_or_none(at: Instant | None) -> str | None:
    """Return `at` as RFC 3339, None as None."""
    return None if at is None else format_instant(at)

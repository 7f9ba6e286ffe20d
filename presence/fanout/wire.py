"""Wire: a record as it travels, in snapshots, events, polls and the API alike.

Flow: face + lens -> **wire** -> JSON.
"""

import msgspec

from presence.domain.face import UNSEEN, Face
from presence.domain.instant import Instant, format_instant
from presence.domain.visibility import Lens, seen_through


class WireMessage(msgspec.Struct, frozen=True):
    """A message as others see it."""

    text: str
    emoji: str
    until: str | None


class WireRecord(msgspec.Struct, frozen=True):
    """What one user may know of another. Instants are RFC 3339, UTC."""

    user: str
    status: str
    since: str | None
    last_seen: str | None
    devices: tuple[str, ...]
    message: WireMessage | None
    version: int


encode = msgspec.json.Encoder().encode


def wire_record(*, user: str, face: Face, version: int, lens: Lens) -> WireRecord:
    """Return what is to be seen of `user` through `lens`, which must show something."""
    seen = seen_through(face, lens)
    message = None
    if seen.message is not None:
        message = WireMessage(
            seen.message.text, seen.message.emoji, _instant(seen.message.until)
        )
    return WireRecord(
        user=user,
        status=seen.status.value,
        since=_instant(seen.since),
        last_seen=_instant(seen.last_seen),
        devices=tuple(device.value for device in seen.devices),
        message=message,
        version=version,
    )


def gone_record(*, user: str, version: int) -> WireRecord:
    """Return what is shown of a user whom a watcher may no longer see: offline, and nothing else."""
    return wire_record(user=user, face=UNSEEN, version=version, lens=Lens.EXACT)


def _instant(at: Instant | None) -> str | None:
    return None if at is None else format_instant(at)

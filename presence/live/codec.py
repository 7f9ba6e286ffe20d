"""Codec: how records and changes are packed in Redis.

Flow: record <-> **codec** <-> bytes.

msgpack arrays, not maps, and what is usual is left out: a record with two sessions is about 160 bytes.
Deadlines are not in it, they live in the sorted sets where renewals move them; `unpack_record` is given them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import msgpack

from presence.domain.changes import Change
from presence.domain.claim import Claim
from presence.domain.face import Face
from presence.domain.instant import Instant
from presence.domain.message import Message
from presence.domain.record import Choice, Record
from presence.domain.session import Session
from presence.domain.status import Availability, Device, Status
from presence.live.keys import (
    ACTIVITY_LETTER,
    DEVICE_LETTER,
    STATUS_LETTER,
    mark_of,
    packed,
    unpacked,
)

_pack = msgpack.Encoder().encode
_unpack = msgpack.Decoder().decode

# While a deployment is under way, old and new processes read each other's records. So fields are only ever
# added at the end, with the value here that an older writer's record is read with.
_RECORD: tuple[Any, ...] = ([], (), None, None, None, False, None, False)
_FACE: tuple[Any, ...] = ("f", None, None, "", None, False)

# A session's instants after its first are told as milliseconds since that.
_SESSION: tuple[Any, ...] = ("", "", "aw", 0, 0, 0, (), False, None)

_ACTIVITY = {letter: activity for activity, letter in ACTIVITY_LETTER.items()}
_DEVICE = {letter: device for device, letter in DEVICE_LETTER.items()}
_STATUS = {letter: status for status, letter in STATUS_LETTER.items()}

Deadlines = Sequence[tuple[Instant | None, Instant | None]]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the store adds to a record: its place in the shard's log and when it last changed.

    `changed_at` counts what others see, `own_changed_at` everything, `rules_at` who may see it.
    """

    version: int = 0
    sub: int = 0
    changed_at: Instant = 0
    own_changed_at: Instant = 0
    rules_at: Instant = 0


def pack_record(record: Record) -> bytes:
    """Return `record` without its deadlines. The sessions come first: load.lua reads them."""
    sessions = [_session_fields(each) for each in record.sessions.values()]
    claims = [
        [each.app, each.status, each.label, each.priority, each.since, each.until]
        for each in record.claims.values()
    ]
    choice = None
    if record.choice != Choice():
        choice = [record.choice.availability, record.choice.until]
    return _pack(
        [
            sessions,
            _face_fields(record.face),
            choice,
            _message_fields(record.message),
            claims or None,
            record.veiled,
            record.proven_at,
            record.is_pushable,
        ]
    )


def unpack_record(
    user: str, raw: bytes, deadlines: Deadlines | None = None
) -> tuple[Stamp, Record]:
    """Return the stamp and record that `raw` holds, its sessions with their `deadlines` (None: with none)."""
    stamp, body = _split(raw)
    sessions, face, choice, message, claims, veiled, proven_at, is_pushable = _fitted(
        _unpack(body), _RECORD
    )
    if deadlines is None:
        deadlines = [(None, None)] * len(sessions)
    return stamp, Record(
        user=user,
        sessions={
            each.id: each
            for each in (
                _session(fields, *pair) for fields, pair in zip(sessions, deadlines, strict=True)
            )
        },
        face=_face(face),
        choice=Choice(availability=Availability(choice[0]), until=choice[1])
        if choice
        else Choice(),
        message=_message(message),
        claims={
            each[0]: Claim(
                app=each[0],
                status=Status(each[1]),
                label=each[2],
                priority=each[3],
                since=each[4],
                until=each[5],
            )
            for each in claims or ()
        },
        veiled=veiled,
        proven_at=proven_at,
        is_pushable=is_pushable,
    )


def unpack_stamp(raw: bytes) -> Stamp:
    """Return only the stamp of a record."""
    return _split(raw)[0]


def unpack_face(raw: bytes) -> tuple[Stamp, Face]:
    """Return the stamp and only the face of a record: what a snapshot needs."""
    stamp, body = _split(raw)
    return stamp, _face(_unpack(body)[1])


def pack_change(change: Change) -> bytes:
    """Return a public change as the log keeps it."""
    return _pack([change.user, _face_fields(change.before), _face_fields(change.after)])


def pack_own_change(user: str) -> bytes:
    """Return the log entry of a change that only `user` may see: just whose it is."""
    return _pack([user])


def unpack_change(payload: bytes) -> Change | str:
    """Return the change of a log entry, or the user of an own change."""
    fields = _unpack(payload)
    if len(fields) == 1:
        return str(fields[0])
    return Change(user=fields[0], before=_face(fields[1]), after=_face(fields[2]))


def _session_fields(session: Session) -> list[Any]:
    fields = [
        packed(session.id),
        mark_of(session) if session.beat_until is not None else "",
        ACTIVITY_LETTER[session.activity] + DEVICE_LETTER[session.device],
        session.since,
        session.seen_at - session.since,
        session.active_at - session.since,
        session.rooms,
        session.leaving,
        session.stream,
    ]
    usual = len(fields)
    while fields[usual - 1] == _SESSION[usual - 1]:
        usual -= 1
    return fields[:usual]


def _session(
    fields: Sequence[Any], beat_until: Instant | None, stream_until: Instant | None
) -> Session:
    name, mark, kind, since, seen, active, rooms, leaving, stream = _fitted(fields, _SESSION)
    return Session(
        id=unpacked(name),
        activity=_ACTIVITY[kind[0]],
        device=_DEVICE.get(kind[1], Device.OTHER),
        rooms=tuple(rooms),
        since=since,
        seen_at=since + seen,
        active_at=since + active,
        leaving=leaving,
        stream=stream,
        beat_until=beat_until if mark else None,
        stream_until=stream_until,
    )


def _fitted(fields: Sequence[Any], defaults: Sequence[Any]) -> Sequence[Any]:
    """Return `fields` as long as `defaults`: what is missing from there, what is unknown left out."""
    return [*fields[: len(defaults)], *defaults[len(fields) :]]


def _split(raw: bytes) -> tuple[Stamp, bytes]:
    head, _, body = raw.partition(b"\n")
    return Stamp(*map(int, head[2:].split())), body


def _face_fields(face: Face) -> list[Any]:
    return [
        STATUS_LETTER[face.status],
        face.since,
        face.last_seen,
        "".join(DEVICE_LETTER[device] for device in face.devices),
        _message_fields(face.message),
        face.is_pushable,
    ]


def _face(fields: Sequence[Any]) -> Face:
    status, since, last_seen, devices, message, is_pushable = _fitted(fields, _FACE)
    return Face(
        status=_STATUS[status],
        since=since,
        last_seen=last_seen,
        devices=tuple(_DEVICE.get(letter, Device.OTHER) for letter in devices),
        message=_message(message),
        is_pushable=is_pushable,
    )


def _message_fields(message: Message | None) -> list[Any] | None:
    return None if message is None else [message.text, message.emoji, message.until]


def _message(fields: Sequence[Any] | None) -> Message | None:
    return None if fields is None else Message(text=fields[0], emoji=fields[1], until=fields[2])

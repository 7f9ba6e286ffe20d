"""Codec: how records and changes are packed in Redis.

Flow: record <-> **codec** <-> bytes.

msgpack arrays, not maps: a record with two sessions is about 150 bytes. Deadlines are not in it, they
live in the sorted sets where renewals move them; `unpack_record` is given them.
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
from presence.domain.status import Activity, Availability, Device, Status
from presence.live.keys import mark_of

_pack = msgpack.Encoder().encode
_unpack = msgpack.Decoder().decode

# While a deployment is under way, old and new processes read each other's records. So fields are only ever
# added at the end, with the value here that an older writer's record is read with.
_RECORD: tuple[Any, ...] = ([], (), None, None, None, False, None, False)
_FACE: tuple[Any, ...] = (Status.OFFLINE, None, None, (), None, False)

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
    sessions = [
        [
            each.id,
            mark_of(each) if each.beat_until is not None else "",
            each.activity,
            each.device,
            each.rooms,
            each.since,
            each.seen_at,
            each.active_at,
            each.leaving,
            each.stream,
        ]
        for each in record.sessions.values()
    ]
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


def unpack_record(user: str, raw: bytes, deadlines: Deadlines) -> tuple[Stamp, Record]:
    """Return the stamp and record that `raw` holds, its sessions with their `deadlines`."""
    stamp, body = _split(raw)
    sessions, face, choice, message, claims, veiled, proven_at, is_pushable = _fitted(
        _unpack(body), _RECORD
    )
    return stamp, Record(
        user=user,
        sessions={
            each[0]: Session(
                id=each[0],
                activity=Activity(each[2]),
                device=Device(each[3]),
                rooms=tuple(each[4]),
                since=each[5],
                seen_at=each[6],
                active_at=each[7],
                leaving=each[8],
                stream=each[9],
                beat_until=beat_until if each[1] else None,
                stream_until=stream_until,
            )
            for each, (beat_until, stream_until) in zip(sessions, deadlines, strict=True)
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


def _fitted(fields: Sequence[Any], defaults: Sequence[Any]) -> Sequence[Any]:
    """Return `fields` as long as `defaults`: what is missing from there, what is unknown left out."""
    return [*fields[: len(defaults)], *defaults[len(fields) :]]


def _split(raw: bytes) -> tuple[Stamp, bytes]:
    head, _, body = raw.partition(b"\n")
    return Stamp(*map(int, head[2:].split())), body


def _face_fields(face: Face) -> list[Any]:
    return [
        face.status,
        face.since,
        face.last_seen,
        face.devices,
        _message_fields(face.message),
        face.is_pushable,
    ]


def _face(fields: Sequence[Any]) -> Face:
    status, since, last_seen, devices, message, is_pushable = _fitted(fields, _FACE)
    return Face(
        status=Status(status),
        since=since,
        last_seen=last_seen,
        devices=tuple(map(Device, devices)),
        message=_message(message),
        is_pushable=is_pushable,
    )


def _message_fields(message: Message | None) -> list[Any] | None:
    return None if message is None else [message.text, message.emoji, message.until]


def _message(fields: Sequence[Any] | None) -> Message | None:
    return None if fields is None else Message(text=fields[0], emoji=fields[1], until=fields[2])

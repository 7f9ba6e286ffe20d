"""Old and new processes read each other's records while a deployment is under way."""

from msgspec import msgpack

from presence.domain.face import Face
from presence.domain.record import Record
from presence.domain.status import Status
from presence.live.codec import pack_record, unpack_record

HEAD = b"f 17 0 5 5 0\n"
FACE = Face(status=Status.OFFLINE, since=5, last_seen=4, is_pushable=True)


def fields_of(record: Record) -> list[object]:
    fields: list[object] = msgpack.decode(pack_record(record))
    return fields


def test_a_record_of_an_older_version_is_read_with_defaults() -> None:
    fields = fields_of(Record(user="1", face=FACE, is_pushable=True))
    older = [*fields[:1], fields[1][:5], *fields[2:7]]  # type: ignore[index]
    _, record = unpack_record("1", HEAD + msgpack.encode(older), [])
    assert record.face.last_seen == 4
    assert not record.is_pushable
    assert not record.face.is_pushable


def test_a_record_of_a_newer_version_is_read_as_far_as_it_is_known() -> None:
    newer = [*fields_of(Record(user="1", face=FACE)), "something new"]
    stamp, record = unpack_record("1", HEAD + msgpack.encode(newer), [])
    assert stamp.version == 17
    assert record.face == FACE

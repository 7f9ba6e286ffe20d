"""Records and changes come out of their bytes as they went in."""

from hypothesis import given

from presence.domain.changes import Change
from presence.live.codec import (
    Stamp,
    pack_change,
    pack_own_change,
    pack_record,
    unpack_change,
    unpack_face,
    unpack_record,
)
from tests.domain.strategies import faces, records

HEAD = b"n 7 3 1000 2000 3000\n"


@given(records())
def test_a_record_survives_with_its_deadlines_and_stamp(record):
    raw = HEAD + pack_record(record)
    deadlines = [(each.beat_until, each.stream_until) for each in record.sessions.values()]
    stamp, found = unpack_record(record.user, raw, deadlines)
    assert found == record
    assert list(found.sessions) == list(record.sessions)
    assert (stamp.version, stamp.sub, stamp.changed_at) == (7, 3, 1000)
    assert (stamp.own_changed_at, stamp.rules_at) == (2000, 3000)


@given(records())
def test_the_face_alone_is_that_of_the_record(record):
    stamp, face = unpack_face(HEAD + pack_record(record))
    assert face == record.face
    assert isinstance(stamp, Stamp)


@given(faces(), faces())
def test_a_change_survives(before, after):
    change = Change(user="ana", before=before, after=after)
    assert unpack_change(pack_change(change)) == change


def test_an_own_change_says_whose_and_nothing_more():
    assert unpack_change(pack_own_change("ana")) == "ana"
    assert len(pack_own_change("ana")) < 10

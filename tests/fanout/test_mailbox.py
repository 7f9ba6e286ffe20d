"""What waits for one stream: the newest of each user, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from presence.domain.cursor import Cursor
from presence.fanout.mailbox import Fragment, Mailbox
from tests.fanout.wires import Client, Wire

CURSOR = Cursor("e1", 1_000)


def fragment(user, version):
    return Fragment(CURSOR, b'{"user":"%s","version":%d}' % (user.encode(), version))


def held():
    return Mailbox("viewer", 0.0)


@given(st.lists(st.sampled_from("abc"), max_size=60))
def test_the_newest_of_each_user_waits_however_much_happens(users):
    mailbox = held()
    for version, user in enumerate(users):
        mailbox.put(user, fragment(user, version))
        assert len(mailbox.pending) <= 3
    wire = Wire()
    mailbox.release(wire, 0.0)
    assert mailbox.flush(CURSOR, 1.0)
    client = Client()
    client.read(wire)
    newest = {user: version for version, user in enumerate(users)}
    assert {name: each["version"] for name, each in client.users.items()} == newest
    assert len(wire.writes) == (1 if users else 0)


def test_nothing_is_written_before_the_release():
    mailbox = held()
    mailbox.put("a", fragment("a", 1))
    assert not mailbox.flush(CURSOR, 1.0)
    assert not mailbox.write(b":\n\n", 1.0)


def test_what_a_sink_refuses_keeps_waiting():
    mailbox, wire = held(), Wire()
    mailbox.release(wire, 0.0)
    wire.is_stuck = True
    mailbox.put("a", fragment("a", 1))
    assert not mailbox.flush(CURSOR, 5.0)
    assert mailbox.progress_at == 0.0
    mailbox.put("a", fragment("a", 2))
    wire.is_stuck = False
    assert mailbox.flush(CURSOR, 6.0)
    assert b'"version":2' in wire.body
    assert b'"version":1' not in wire.body
    assert (mailbox.written_at, mailbox.progress_at) == (6.0, 6.0)


def test_a_frame_past_the_queue_makes_nobody_busy():
    mailbox, wire = held(), Wire()
    mailbox.release(wire, 0.0)
    assert mailbox.write(b":\n\n", 7.0)
    assert (mailbox.written_at, mailbox.progress_at) == (0.0, 7.0)


def test_a_chunked_sink_gets_whole_chunks():
    mailbox, wire = held(), Wire()
    wire.is_chunked = True
    mailbox.release(wire, 0.0)
    mailbox.put("a", fragment("a", 1))
    mailbox.put("b", fragment("b", 1))
    assert mailbox.flush(CURSOR, 1.0)
    mailbox.put("a", fragment("a", 2))
    assert mailbox.flush(CURSOR, 2.0)
    assert mailbox.write(b":\n\n", 3.0)
    for chunk in wire.writes:
        size, _, rest = chunk.partition(b"\r\n")
        assert rest[int(size, 16) :] == b"\r\n"

"""One hub: changes in, frames out, to whom they concern and no one else."""

import asyncio

import pytest

from presence.domain.changes import Entry
from presence.domain.cursor import Cursor
from presence.domain.face import UNSEEN
from presence.domain.status import Status
from presence.domain.visibility import Lens
from tests.fanout.streams import NOON, Stream, entry, face, hub, sight, until
from tests.fanout.wires import GONE, facts


async def test_an_idle_stream_gets_a_change_at_once():
    made = hub()
    stream = Stream(made).open(["ana"]).release()
    made.apply([entry("ana", 1, face())])
    assert stream.read()["ana"]["status"] == "online"
    assert stream.client.cursor == f"e1.{NOON}"


async def test_a_busy_stream_gets_the_newest_of_each_in_one_event():
    made = hub(flush=0.05)
    stream = Stream(made).open(["ana", "ben"]).release()
    made.apply([entry("ana", 1, face())])
    for version in range(2, 30):
        made.apply([entry("ana", version, face(text=f"{version}"))])
        made.apply([entry("ben", version, face())])
    assert len(stream.wire.writes) == 1
    assert len(stream.mailbox.pending) == 2
    await until(lambda: not stream.mailbox.pending)
    assert len(stream.wire.writes) == 2
    users = stream.read()
    assert (users["ana"]["version"], users["ana"]["message"]["text"]) == (29, "29")
    assert users["ben"]["version"] == 29


async def test_what_waits_is_bounded_by_what_is_watched():
    made = hub()
    stream = Stream(made).open([f"u{n}" for n in range(10)]).release()
    stream.wire.is_stuck = True
    for version in range(1, 500):
        made.apply([entry(f"u{version % 10}", version, face(text=str(version)))])
    assert len(stream.mailbox.pending) == 10


async def test_duplicates_and_what_is_older_do_nothing():
    made = hub(flush=0.0)
    stream = Stream(made).open(["ana"], {"ana": (face(), 5)}).release()
    made.apply([entry("ana", 5, face(Status.AWAY)), entry("ana", 4, face(Status.BUSY))])
    assert stream.wire.writes == []
    made.apply([entry("ana", 6, face(Status.BUSY))])
    made.apply([entry("ana", 6, face(Status.BUSY))])
    assert len(stream.wire.writes) == 1


async def test_a_change_reaches_those_who_watch_and_no_one_else():
    made = hub()
    watching, other = Stream(made).open(["ana"]).release(), Stream(made).open(["ben"]).release()
    made.apply([entry("ana", 1, face()), entry("nobody", 2, face())])
    assert watching.wire.writes
    assert other.wire.writes == []


async def test_an_own_change_reaches_nobody_else():
    made = hub()
    stream = Stream(made).open(["ana"]).release()
    made.apply([Entry(shard=0, position=(0, 1), at=NOON, user="ana", change=None)])
    assert stream.wire.writes == []


async def test_all_who_look_through_one_lens_get_the_very_same_bytes():
    made = hub()
    streams = [Stream(made).open(["ana"]).release() for _ in range(5)]
    made.apply([entry("ana", 1, face())])
    assert len({id(stream.wire.writes[0]) for stream in streams}) == 1


async def test_each_lens_shows_its_own():
    made = hub()
    streams = {
        lens: Stream(made).open({"ana": lens}).release()
        for lens in (Lens.EXACT, Lens.DAY, Lens.HIDDEN)
    }
    made.apply([entry("ana", 1, face(Status.OFFLINE, at=NOON + 12_345))])
    seen = {lens: stream.read()["ana"]["last_seen"] for lens, stream in streams.items()}
    assert seen[Lens.HIDDEN] is None
    assert seen[Lens.DAY].endswith("T00:00:00.000Z")
    assert seen[Lens.EXACT] > seen[Lens.DAY]


async def test_a_change_between_subscription_and_release_is_not_lost():
    made = hub()
    stream = Stream(made).open(["ana", "ben"])
    made.apply([entry("ana", 1, face())])  # before the snapshot: in it
    records = made.snapshot(stream.mailbox)
    made.apply([entry("ben", 2, face(Status.BUSY))])  # after it: follows the release
    assert stream.wire.writes == []
    assert sum(b'"online"' in record for record in records) == 1
    made.release(stream.watch, stream.wire)
    assert {name: each["status"] for name, each in stream.read().items()} == {"ben": "busy"}


async def test_what_was_heard_is_newer_than_what_is_read_later():
    made = hub()
    stream = Stream(made)
    made.open(stream.watch, sight({"ana": Lens.EXACT}))
    made.apply([entry("ana", 7, face(Status.BUSY))])
    made.learn("ana", face(Status.ONLINE), 6, NOON)
    assert stream.release().client.users["ana"]["status"] == "busy"


async def test_a_partial_snapshot_has_only_what_changed_since():
    made = hub()
    stream = Stream(made).open(["ana", "ben"]).release()
    made.apply([entry("ben", 1, face(), at=NOON + 5)])
    assert len(made.snapshot(stream.mailbox, NOON)) == 1
    assert made.snapshot(stream.mailbox, NOON + 5) == []


async def test_who_may_be_seen_no_longer_goes_offline_on_that_stream_alone():
    made = hub(flush=0.0)
    known = {"ana": (face(text="secret"), 3)}
    losing, keeping = (Stream(made).open(["ana"], known).release() for _ in range(2))
    assert made.retarget(losing.mailbox, sight({})) == []
    assert facts(losing.read()["ana"]) == GONE
    made.apply([entry("ana", 4, face(Status.BUSY))])
    assert facts(losing.read()["ana"]) == GONE
    assert keeping.read()["ana"]["status"] == "busy"


async def test_who_may_be_seen_again_is_shown_as_they_are():
    made = hub(flush=0.0)
    Stream(made).open(["ana"], {"ana": (face(), 3)}).release()
    stream = Stream(made).open([]).release()
    assert made.retarget(stream.mailbox, sight({"ana": Lens.EXACT})) == []
    assert stream.read()["ana"]["status"] == "online"
    # Somebody whom nobody here watches has to be learned first.
    assert made.retarget(stream.mailbox, sight({"ana": Lens.EXACT, "ben": Lens.EXACT})) == ["ben"]
    made.learn("ben", face(Status.AWAY), 1, NOON)
    made.show_again(["ben"])
    assert stream.read()["ben"]["status"] == "away"


async def test_another_lens_shows_the_same_user_anew():
    made = hub(flush=0.0)
    known = {"ana": (face(Status.OFFLINE), 3)}
    stream = Stream(made).open({"ana": Lens.EXACT}, known).release()
    for user in made.retarget(stream.mailbox, sight({"ana": Lens.HIDDEN})):
        made.learn(user, *known[user], NOON)
        made.show_again([user])
    assert stream.read()["ana"]["last_seen"] is None


async def test_a_closed_stream_is_forgotten_with_whom_only_it_watched():
    made = hub()
    stream, other = Stream(made).open(["ana", "ben"]), Stream(made).open(["ben"])
    made.close(stream.watch)
    made.close(stream.watch)
    assert (made.streams, made.watched()) == (1, ["ben"])
    made.close(other.watch)
    assert (made.streams, made.watched()) == (0, [])


async def test_a_new_epoch_takes_lower_versions_again():
    made = hub(flush=0.0)
    stream = Stream(made).open(["ana"], {"ana": (face(), 900)}).release()
    made.forget_faces(["ana"])
    made.cursor = Cursor("e2", NOON)
    made.learn("ana", UNSEEN, 0, 0)
    made.apply([entry("ana", 1, face(Status.BUSY))])
    assert stream.read()["ana"]["status"] == "busy"
    assert stream.client.cursor.startswith("e2.")


async def test_a_stream_that_stops_reading_keeps_the_newest_and_goes_on_when_it_reads():
    made = hub(flush=0.0)
    stream = Stream(made).open(["ana"]).release()
    stream.wire.is_stuck = True
    made.apply([entry("ana", 1, face())])
    made.apply([entry("ana", 2, face(Status.BUSY))])
    assert stream.wire.writes == []
    stream.wire.is_stuck = False
    await until(lambda: stream.wire.writes)
    assert stream.read()["ana"]["status"] == "busy"
    assert len(stream.wire.writes) == 1


async def test_one_who_does_not_read_delays_nobody():
    made = hub(flush=0.0)
    stuck, reading = (Stream(made).open(["ana"]).release() for _ in range(2))
    stuck.wire.is_stuck = True
    made.apply([entry("ana", 1, face())])
    assert reading.read()["ana"]["status"] == "online"


@pytest.mark.parametrize("pings", [False, True])
async def test_a_silent_stream_is_kept_alive_and_its_cursor_moves(pings):
    made = hub(keepalive=0.2)
    stream = Stream(made, pings=pings).open(["ana"]).release()
    await until(lambda: stream.wire.writes)
    assert stream.wire.writes[0].startswith(b"event: ping" if pings else b":")
    made.cursor = Cursor("e1", NOON + 77)
    await until(lambda: len(stream.wire.writes) > 1)
    stream.read()
    assert stream.client.cursor == f"e1.{NOON + 77}"
    assert (("ping", {}) in stream.client.seen) == pings
    made.shut()


async def test_streams_end_when_they_are_old_or_accept_nothing():
    made = hub(flush=0.0, keepalive=0.2, stall=0.5)
    old = Stream(made, expires_in=0.1).open(["ana"]).release()
    stuck = Stream(made).open(["ana"]).release()
    fine = Stream(made).open(["ana"]).release()
    stuck.wire.is_stuck = True
    made.apply([entry("ana", 1, face())])
    await until(lambda: old.ended and stuck.ended)
    assert (old.ended, stuck.ended, fine.ended) == (["rotate"], ["stalled"], [])
    made.shut()


async def test_a_broadcast_reaches_every_stream_that_accepts_it():
    made = hub()
    stuck, reading = (Stream(made).open(["ana"]).release() for _ in range(2))
    stuck.wire.is_stuck = True
    made.broadcast(b"event: stale\ndata: {}\n\n")
    assert (len(stuck.wire.writes), len(reading.wire.writes)) == (0, 1)
    await asyncio.sleep(0)

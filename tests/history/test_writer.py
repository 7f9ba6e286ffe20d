"""Whatever comes, however often and in whatever order, is written once and never goes back."""

import logging
import random
import threading

import pytest
from django.db import connection, connections

from presence.domain.face import Face
from presence.domain.instant import to_datetime
from presence.domain.message import Message
from presence.domain.status import Device, Status
from presence.history.queries import last_seen_of
from presence.history.writer import write_changes
from presence.models import LastSeen, Transition
from tests.history.changes import MINUTE, NOON, coming_and_going, logged, offline, online

pytestmark = pytest.mark.django_db


def test_a_change_becomes_a_transition_and_what_others_last_saw():
    message = Message(text="in a meeting", emoji="📞", until=NOON + MINUTE)
    devices = (Device.MOBILE, Device.WEB)
    face = Face(status=Status.BUSY, since=NOON, devices=devices, message=message)
    assert write_changes([logged("7", face, version=3, shard=9)]) == 1
    row = Transition.objects.get()
    assert (row.user, row.before, row.after, row.at) == ("7", "offline", "busy", to_datetime(NOON))
    assert (row.epoch, row.shard, row.version) == ("e1", 9, 3)
    assert row.devices == devices
    assert row.message() == message
    stored = last_seen_of(["7", "8"])
    assert stored.keys() == {"7"}
    assert (stored["7"].face, stored["7"].at, stored["7"].version) == (face, NOON, 3)


def test_milliseconds_survive():
    write_changes([logged("7", offline(NOON + 123, NOON + 1), version=1)])
    assert last_seen_of(["7"])["7"].face == offline(NOON + 123, NOON + 1)


def test_nothing_to_write_writes_nothing():
    assert write_changes([]) == 0


def test_the_same_batch_twice_is_written_once():
    batch = coming_and_going("7", 10)
    assert write_changes(batch) == 10
    before = LastSeen.objects.values().get()
    assert write_changes(batch) == 0
    assert Transition.objects.count() == 10
    assert LastSeen.objects.values().get() == before


def test_a_change_twice_in_one_batch_is_written_once():
    batch = coming_and_going("7", 3)
    assert write_changes([*batch, *batch]) == 3
    assert Transition.objects.count() == 3


def test_overlapping_batches_add_only_what_is_new():
    changes = coming_and_going("7", 10)
    assert write_changes(changes[:6]) == 6
    assert write_changes(changes[3:]) == 4
    assert [row.version for row in Transition.objects.order_by("version")] == list(range(1, 11))


def test_the_order_of_batches_does_not_matter():
    changes = coming_and_going("7", 9)
    random.Random(1).shuffle(changes)
    for start in (0, 3, 6):
        write_changes(changes[start : start + 3])
    stored = last_seen_of(["7"])["7"]
    assert (stored.version, stored.face.status) == (9, Status.ONLINE)
    assert LastSeen.objects.get().last_seen == to_datetime(NOON + 7 * MINUTE)


def test_a_late_batch_does_not_move_last_seen_back():
    write_changes([logged("7", offline(NOON + 9 * MINUTE), version=9)])
    assert write_changes([logged("7", offline(NOON), version=2)]) == 1
    assert last_seen_of(["7"])["7"].face == offline(NOON + 9 * MINUTE)


def test_last_seen_is_kept_while_the_user_is_back_and_not_shown():
    write_changes(coming_and_going("7", 3))
    assert LastSeen.objects.get().last_seen == to_datetime(NOON + MINUTE)
    assert last_seen_of(["7"])["7"].face.last_seen is None


def test_versions_decide_within_an_epoch_even_when_the_clock_went_back():
    write_changes([logged("7", online(NOON), version=1)])
    write_changes([logged("7", offline(NOON - MINUTE), version=2)])
    assert last_seen_of(["7"])["7"].face.status is Status.OFFLINE


def test_versions_decide_within_one_batch_too():
    batch = [
        logged("7", offline(NOON - MINUTE), version=2),
        logged("7", online(NOON), version=1),
    ]
    write_changes(batch)
    assert last_seen_of(["7"])["7"].version == 2


def test_a_new_epoch_starts_its_versions_anew_and_counts_by_time():
    write_changes([logged("7", online(NOON), version=500)])
    write_changes([logged("7", offline(NOON + MINUTE), version=1, epoch="e2")])
    assert last_seen_of(["7"])["7"].face.status is Status.OFFLINE
    late = logged("7", online(NOON + 10), version=501)
    assert write_changes([late]) == 1
    assert last_seen_of(["7"])["7"].face.status is Status.OFFLINE


def test_versions_of_different_shards_are_different_changes():
    batch = [logged(str(shard), online(NOON), version=1, shard=shard) for shard in range(5)]
    assert write_changes(batch) == 5


def test_ten_thousand_changes_in_batches_leave_each_users_newest():
    changes = [
        logged(str(number % 500), online(NOON + number), version=number, shard=number % 500 % 64)
        for number in range(10_000)
    ]
    assert sum(write_changes(changes[i : i + 1_000]) for i in range(0, 10_000, 1_000)) == 10_000
    assert Transition.objects.count() == 10_000
    newest = {str(number % 500): number for number in range(9_500, 10_000)}
    assert {row.user: row.version for row in LastSeen.objects.all()} == newest


def test_a_batch_longer_than_one_copy_is_written_whole():
    changes = [logged(str(number), online(NOON), version=number) for number in range(5_001)]
    assert write_changes(changes) == 5_001


def test_a_change_that_postgres_refuses_is_reported_and_does_not_hold_up_the_others(caplog):
    changes = coming_and_going("7", 8)
    nul = Face(status=Status.AWAY, since=NOON, message=Message(text="a\x00b"))
    long = Face(status=Status.AWAY, since=NOON, message=Message(text="x" * 141))
    changes[3:3] = [logged("8", nul, version=100), logged("9", long, version=101)]
    with caplog.at_level(logging.ERROR):
        assert write_changes(changes) == 8
    assert [record.args for record in caplog.records] == [("e1/0/100",), ("e1/0/101",)]
    assert last_seen_of(["7", "8", "9"]).keys() == {"7"}


def test_the_number_of_statements_does_not_grow_with_the_batch(django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        write_changes(coming_and_going("7", 1_000))


@pytest.mark.django_db(transaction=True)
def test_two_writers_with_overlapping_batches_neither_lock_each_other_nor_write_twice():
    changes = [
        logged(str(number % 200), online(NOON + number), version=number) for number in range(2_000)
    ]
    written: list[int] = []

    def write(seed: int) -> None:
        mine = changes[:]
        random.Random(seed).shuffle(mine)
        try:
            written.extend(write_changes(mine[i : i + 250]) for i in range(0, 2_000, 250))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(written) == 2_000
    assert Transition.objects.count() == 2_000
    assert {row.version for row in LastSeen.objects.all()} == set(range(1_800, 2_000))


@pytest.mark.django_db(transaction=True)
def test_a_writer_whose_connection_was_cut_between_two_batches_takes_a_new_one():
    batch = coming_and_going("7", 4)
    write_changes(batch[:1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    assert write_changes(batch) == 3

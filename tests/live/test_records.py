"""Loading and committing records: load.lua and commit.lua."""

import asyncio

import pytest

from presence.domain.changes import Outcome
from presence.domain.message import Message
from presence.domain.record import Choice
from presence.domain.signals import (
    Chosen,
    Elapsed,
    Heartbeat,
    Leave,
    MessageWritten,
    SignOut,
    StreamOpened,
)
from presence.domain.status import Activity, Availability, Status
from presence.domain.transitions import advance
from presence.live.records import EpochChangedError
from tests.live.store import LONG, SHORT


async def test_somebody_unknown_has_an_empty_record_at_the_stores_time(store):
    seconds, _ = await store.redis.time()
    loaded = await store.load("ana")
    assert loaded.is_new
    assert loaded.record.sessions == {}
    assert 0 <= loaded.now - seconds * 1_000 < 60_000


async def test_a_record_comes_back_with_its_deadlines(store):
    await store.beat("ana", activity=Activity.HIDDEN, rooms=("hall",))
    await store.apply("ana", StreamOpened(session="tab", stream="x"))
    await store.beat("ana", session="phone", activity=Activity.IDLE)
    before = (await store.load("ana")).record
    assert (await store.load("ana")).record == before
    tab = before.sessions["tab"]
    assert tab.beat_until - tab.since >= LONG.lease_for(Activity.HIDDEN)
    assert tab.stream_until is not None
    assert before.sessions["phone"].stream_until is None


async def test_a_renewal_moves_the_deadline_that_a_record_is_loaded_with(store):
    await store.beat("ana")
    before = (await store.load("ana")).record.sessions["tab"]
    await asyncio.sleep(0.002)
    now, (status,) = await store.leases.renew([store.renewal("ana")])
    after = (await store.load("ana")).record.sessions["tab"]
    assert status is Status.ONLINE
    assert after.beat_until == now + 60_000 > before.beat_until
    assert after.seen_at == before.seen_at  # the record itself was not written


async def test_a_commit_that_comes_second_changes_nothing(store, make_store):
    other = make_store()
    await other.epoch.ensure()
    loaded = await store.load("ana")
    assert await other.beat("ana", session="phone") is not None
    beat = Heartbeat(session="tab", activity=Activity.ACTIVE)
    outcome = advance(loaded.record, beat, loaded.now, LONG)
    assert await store.records.commit(store.epoch.known, loaded, outcome) is None
    assert (await store.load("ana")).record.sessions.keys() == {"phone"}
    assert len(await store.log.after(store.keys.shard("ana"), (0, 0))) == 1


async def test_a_lease_renewed_meanwhile_conflicts(store):
    await store.beat("ana")
    loaded = await store.load("ana")
    await asyncio.sleep(0.002)
    await store.leases.renew([store.renewal("ana")])
    outcome = advance(loaded.record, Leave(session="tab"), loaded.now, LONG)
    assert await store.records.commit(store.epoch.known, loaded, outcome) is None
    assert not (await store.load("ana")).record.sessions["tab"].leaving


async def test_of_many_at_once_exactly_one_commits(store):
    loaded = await store.load("ana")
    beats = [Heartbeat(session=f"s{n}", activity=Activity.ACTIVE) for n in range(20)]
    outcomes = [advance(loaded.record, beat, loaded.now, LONG) for beat in beats]
    done = await asyncio.gather(
        *(store.records.commit(store.epoch.known, loaded, each) for each in outcomes)
    )
    assert sum(each is not None for each in done) == 1


async def test_a_leave_moves_the_lease_to_the_grace_under_another_name(store):
    await store.beat("ana")
    await store.apply("ana", Leave(session="tab"))
    members = await store.redis.zrange(store.keys.leases(store.keys.shard("ana")), 0, -1)
    assert members == [b"ana\x1ftab\x1fl"]
    # A beat of before the leave finds no lease of its own any more.
    assert (await store.leases.renew([store.renewal("ana")]))[1] == [None]


async def test_ended_sessions_leave_no_lease_behind(store):
    await store.beat("ana")
    await store.apply("ana", StreamOpened(session="tab", stream="x"))
    await store.apply("ana", SignOut(session="tab"))
    assert await store.redis.zcard(store.keys.leases(store.keys.shard("ana"))) == 0
    record = (await store.load("ana")).record
    assert record.face.status is Status.OFFLINE
    assert record.sessions == {}


async def test_versions_count_public_changes_and_subversions_own_ones(store):
    shard = store.keys.shard("ana")
    first = await store.beat("ana")
    own = await store.beat("ana", activity=Activity.HIDDEN)
    choice = Choice(availability=Availability.BUSY)
    second = await store.apply("ana", Chosen(choice=choice))
    assert [(each.version, each.sub) for each in (first, own, second)] == [(1, 0), (1, 1), (2, 0)]
    entries = await store.log.after(shard, (0, 0))
    assert [entry.position for entry in entries] == [(1, 0), (1, 1), (2, 0)]
    assert [entry.change is None for entry in entries] == [False, True, False]
    assert entries[2].change.after.status is Status.BUSY


async def test_an_own_change_leaves_the_version_that_others_see_alone(store):
    await store.beat("ana")
    before = (await store.records.sightings(["ana"]))["ana"]
    await store.beat("ana", activity=Activity.HIDDEN)
    after = (await store.records.sightings(["ana"]))["ana"]
    assert (after.face, after.stamp.version) == (before.face, before.stamp.version)
    assert after.stamp.changed_at == before.stamp.changed_at
    assert after.stamp.own_changed_at >= before.stamp.own_changed_at


async def test_what_changes_nothing_is_not_logged(store):
    await store.beat("ana")
    committed = await store.apply("ana", Elapsed())
    assert committed.payload is None
    assert (await store.log.heads())[1][store.keys.shard("ana")] == (1, 0)


async def test_changed_rules_are_stamped_and_nothing_else(store):
    await store.beat("ana")
    loaded = await store.load("ana")
    outcome = Outcome(before=loaded.record, record=loaded.record, change=None)
    await store.records.commit(store.epoch.known, loaded, outcome, rules=True)
    after = await store.load("ana")
    assert after.record == loaded.record
    assert after.stamp.rules_at >= loaded.stamp.changed_at > 0
    assert after.stamp.changed_at == loaded.stamp.changed_at


async def test_a_timed_end_is_filed_and_taken_out_again(store):
    shard = store.keys.shard("ana")
    loaded = await store.load("ana")
    await store.apply("ana", MessageWritten(message=Message(text="soon", until=loaded.now + 5_000)))
    assert await store.redis.zscore(store.keys.timers(shard), "ana") == loaded.now + 5_000
    await store.apply("ana", MessageWritten(message=None))
    assert await store.redis.zscore(store.keys.timers(shard), "ana") is None


async def test_only_a_record_with_nothing_to_keep_may_go(store):
    key = store.keys.record("ana")
    await store.beat("ana")
    assert await store.redis.pttl(key) == -1
    await store.apply("ana", SignOut(session="tab"))
    assert 0 < await store.redis.pttl(key) <= 86_400_000
    await store.apply("ana", Chosen(choice=Choice(availability=Availability.INVISIBLE)))
    assert await store.redis.pttl(key) == -1


async def test_a_shard_of_another_epoch_refuses_a_commit(store):
    shard = store.keys.shard("ana")
    await store.redis.hset(store.keys.meta(shard), "epoch", "another")
    with pytest.raises(EpochChangedError) as refusal:
        await store.beat("ana")
    assert refusal.value.epoch == "another"
    await store.redis.delete(store.keys.meta(shard))
    with pytest.raises(EpochChangedError, match="not set"):
        await store.beat("ana")
    assert (await store.load("ana")).is_new


async def test_a_server_that_forgot_the_scripts_is_sent_them_again(store):
    await store.beat("ana")
    await store.redis.script_flush()
    assert await store.beat("ana", activity=Activity.HIDDEN) is not None
    await store.redis.script_flush()
    renewal = store.renewal("ana", activity=Activity.HIDDEN)
    assert (await store.leases.renew([renewal]))[1] == [Status.ONLINE]


async def test_a_user_with_two_sessions_costs_the_store_less_than_600_bytes(make_store):
    store = make_store(shards=64)
    await store.epoch.ensure()
    count = 1_500
    users = [f"user-{number:06}" for number in range(count)]

    async def memory():
        # What connections hold for their next command shrinks when the server finds time for it.
        memory = await store.redis.info("memory")
        return memory["used_memory"] - memory["mem_clients_normal"]

    before = await memory()
    for start in range(0, count, 100):
        for session in ("a1b2c3d4-tab", "e5f6a7b8-phone"):
            await asyncio.gather(
                *(store.beat(user, session=session) for user in users[start : start + 100])
            )
    logs = [await store.redis.memory_usage(store.keys.log(shard)) or 0 for shard in range(64)]
    used = await memory() - before - sum(logs)
    print(f"{used / count:.0f} bytes a user with two sessions, the log apart")
    assert used / count <= 600


def test_the_short_policy_of_these_tests_is_possible():
    assert SHORT.lease_after < LONG.lease_after

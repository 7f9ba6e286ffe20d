"""Heartbeats: the hot path touches one deadline, and no record."""

import asyncio

from presence.domain.status import Activity, Device, Status
from tests.service.joined import SHORT_LEASES, calls, ms

READS_AND_WRITES = ("get", "set", "mget", "hset", "xadd", "zscore", "zmscore")


async def beat(parts, user="ana", session="tab", activity=Activity.ACTIVE, **more):
    return await parts.heartbeats.record(user=user, session=session, activity=activity, **more)


async def test_a_first_heartbeat_brings_somebody_online(process):
    beat_ = await beat(process)
    assert (beat_.status, beat_.lease_ms) == (Status.ONLINE, 60_000)
    assert 20_000 <= beat_.next_in_ms <= 30_000


async def test_a_heartbeat_that_says_nothing_new_touches_no_record(process):
    first = await beat(process)
    await asyncio.sleep(0.005)
    before = await calls(process, *READS_AND_WRITES)
    scripts = await calls(process, "evalsha")
    second = await beat(process)
    assert await calls(process, *READS_AND_WRITES) == before
    assert await calls(process, "evalsha") - scripts == 1
    assert second.now > first.now
    (loaded,) = await process.records.load(["ana"])
    session = loaded.record.sessions["tab"]
    assert (session.seen_at, session.beat_until) == (first.now, second.now + 60_000)


async def test_heartbeats_that_come_together_go_together(process):
    users = [f"u{number}" for number in range(30)]
    await asyncio.gather(*(beat(process, user) for user in users))
    await asyncio.sleep(0.01)
    scripts = await calls(process, "evalsha")
    answers = await asyncio.gather(*(beat(process, user) for user in users))
    assert await calls(process, "evalsha") - scripts == 1
    assert {answer.status for answer in answers} == {Status.ONLINE}


async def test_another_activity_is_written_and_answered_with_what_follows(process):
    await beat(process)
    idle = await beat(process, activity=Activity.IDLE)
    assert idle.status is Status.AWAY
    hidden = await beat(process, session="phone", activity=Activity.HIDDEN)
    assert (hidden.status, hidden.lease_ms) == (Status.ONLINE, 150_000)
    (loaded,) = await process.records.load(["ana"])
    assert loaded.record.sessions["tab"].activity is Activity.IDLE


async def test_a_heartbeat_that_does_not_say_its_device_keeps_it_and_the_hot_path(process):
    await beat(process, device=Device.TABLET)
    await beat(process)  # finds out what the session is
    before = await calls(process, *READS_AND_WRITES)
    scripts = await calls(process, "evalsha")
    await asyncio.sleep(0.005)
    await beat(process)
    assert await calls(process, *READS_AND_WRITES) == before
    assert await calls(process, "evalsha") - scripts == 1
    await beat(process, activity=Activity.IDLE)
    (loaded,) = await process.records.load(["ana"])
    assert loaded.record.sessions["tab"].device is Device.TABLET
    # What it says itself counts, and what it does not say afterwards stays that.
    await beat(process, device=Device.MOBILE)
    await beat(process)
    await beat(process, device=Device.WEB)
    await beat(process)
    (loaded,) = await process.records.load(["ana"])
    assert loaded.record.face.devices == (Device.WEB,)
    assert len(process.heartbeats._untold._devices) <= 1


async def test_every_excess_beat_is_taken_and_slowed_down(join):
    process = join(jitter=0.2)
    answers = [await beat(process) for _ in range(12)]
    assert answers[-1].next_in_ms == 30_000
    # A change among them is not lost, nor is a return after a leave.
    assert (await beat(process, activity=Activity.IDLE)).status is Status.AWAY
    await process.leaving.leave(user="ana", session="tab")
    assert (await beat(process)).status is Status.ONLINE
    (loaded,) = await process.records.load(["ana"])
    assert not loaded.record.sessions["tab"].leaving


async def test_a_lone_session_that_once_beat_often_keeps_its_lease(join):
    process = join(beat_gap=ms(1), **SHORT_LEASES)
    for _ in range(10):
        await beat(process)
    for _ in range(15):  # three leases long
        await asyncio.sleep(0.04)
        await process.leases.note_serving(lasts=ms(1_000))
        assert (await process.expiry.sweep()).changes == 0
        await beat(process)
    assert (await beat(process)).status is Status.ONLINE
    assert (await process.log.heads())[1][process.log.shard_of("ana")] == (1, 0)


async def test_a_client_that_hangs_up_leaves_no_record_half_decided(process):
    waiting = asyncio.create_task(beat(process))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await beat(process, session="phone")
    (loaded,) = await process.records.load(["ana"])
    assert loaded.record.face.status is Status.ONLINE
    assert "phone" in loaded.record.sessions

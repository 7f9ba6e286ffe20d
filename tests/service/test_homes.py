"""Homes: what a user chose, and when they were last here, outlives the live store."""

from presence.domain.face import UNSEEN
from presence.domain.message import Message
from presence.domain.record import Choice
from presence.domain.status import Activity, Availability, Status
from tests.service.joined import face_of


async def beat(parts, user="ana", **more):
    return await parts.heartbeats.record(user=user, session="tab", activity=Activity.ACTIVE, **more)


async def lose_everything(parts):
    await parts.connection.redis.flushall()
    await parts.epoch.ensure()


async def write_history(parts):
    while await parts.recorder.record():
        pass


async def test_a_choice_and_a_message_survive_the_loss_of_the_live_store(process):
    await process.availability.choose(user="ana", availability=Availability.BUSY)
    await process.availability.write_message(user="ana", message=Message(text="deep work"))
    await lose_everything(process)
    assert (await beat(process)).status is Status.BUSY
    assert (await face_of(process, "ana")).message == Message(text="deep work")
    await process.availability.write_message(user="ana", message=None)
    await process.availability.choose(user="ana", availability=Availability.AUTO)
    await lose_everything(process)
    assert (await beat(process)).status is Status.ONLINE
    assert (await face_of(process, "ana")).message is None


async def test_somebody_invisible_stays_so_without_being_shown_even_once(process):
    await beat(process)
    await process.availability.choose(user="ana", availability=Availability.INVISIBLE)
    await write_history(process)
    seen = await face_of(process, "ana")
    await lose_everything(process)
    assert (await beat(process)).status is Status.OFFLINE
    assert await face_of(process, "ana") == seen
    assert (await process.log.heads())[1][process.log.shard_of("ana")][0] == 0


async def test_a_choice_that_has_ended_meanwhile_counts_no_longer(process):
    now, _ = await process.log.heads()
    await process.availability.choose(user="ana", availability=Availability.BUSY, until=now + 1)
    await lose_everything(process)
    assert (await beat(process)).status is Status.ONLINE
    (loaded,) = await process.records.load(["ana"])
    assert loaded.record.choice == Choice()


async def test_a_user_whom_redis_forgot_was_last_seen_as_history_says(process):
    await beat(process)
    await process.leaving.leave(user="ana", session="tab", final=True)
    await write_history(process)
    seen = await face_of(process, "ana")
    assert seen.last_seen is not None
    await process.connection.redis.delete(process.connection.keys.record("ana"))
    assert await face_of(process, "ana") == seen
    await beat(process)
    assert (await face_of(process, "ana")).status is Status.ONLINE


async def test_somebody_who_was_never_here_is_offline_without_a_past(process):
    assert await face_of(process, "nobody") == UNSEEN

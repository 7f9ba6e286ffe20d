"""After the live store lost its data, people stay online for one lease, and history tells the rest."""

import pytest

from presence.domain.claim import Claim
from presence.domain.instant import LATEST
from presence.domain.message import Message
from presence.domain.signals import Claimed
from presence.domain.status import Activity, Availability, Status
from presence.history.queries import last_seen_of, transitions_of
from presence.service.database import in_database
from presence.service.errors import Unavailable
from tests.service.joined import SHORT_LEASES, face_of, ms, until
from tests.service.test_homes import beat, lose_everything, write_history


async def sweep(parts):
    await parts.leases.note_serving(lasts=ms(5_000))
    return await parts.expiry.sweep()


async def test_whoever_was_online_stays_so_for_one_lease_and_then_went_offline(join):
    process = join(**SHORT_LEASES)
    for user in ("ana", "ben"):
        await beat(process, user)
    await process.leaving.leave(user="ben", session="tab", final=True)
    await write_history(process)
    await lose_everything(process)
    assert await process.restoring.restore_if_new() == 1
    assert (await face_of(process, "ana")).status is Status.ONLINE
    assert (await face_of(process, "ben")).status is Status.OFFLINE
    await until(lambda: sweep(process), lambda swept: swept.changes == 1)
    gone = await face_of(process, "ana")
    assert gone.status is Status.OFFLINE
    with pytest.raises(Unavailable):  # the recorder's group was lost with the data: it joins anew
        await write_history(process)
    await write_history(process)
    stored = (await in_database(last_seen_of, ["ana"]))["ana"]
    assert stored.face == gone
    told = await in_database(transitions_of, user="ana")
    assert told[0].after.status is Status.OFFLINE


@pytest.mark.parametrize("done", ["chosen", "written", "claimed", "ruled", "another leaves"])
async def test_who_does_something_before_their_turn_is_not_taken_offline_by_it(join, done):
    process = join(**SHORT_LEASES)
    await beat(process, "ana")
    await write_history(process)
    await lose_everything(process)
    if done == "chosen":
        await process.availability.choose(user="ana", availability=Availability.BUSY)
    elif done == "written":
        await process.availability.write_message(user="ana", message=Message(text="here"))
    elif done == "claimed":
        claim = Claim(app="phone", status=Status.BUSY, label="", priority=50, since=0, until=LATEST)
        await process.applier.apply(user="ana", signal=Claimed(claim=claim))
    elif done == "ruled":
        await process.rules.announce(users=["ana"])
    else:
        await process.leaving.leave(user="ana", session="one of two", final=True)
    shown = (await face_of(process, "ana")).status
    assert shown is (Status.BUSY if done in ("chosen", "claimed") else Status.ONLINE)
    await process.restoring.restore_if_new()
    assert (await face_of(process, "ana")).status is shown
    # Trust ends: who does not come back goes offline.
    await until(lambda: sweep(process), lambda swept: swept.changes == 1)
    assert (await face_of(process, "ana")).status is Status.OFFLINE


async def test_who_is_invisible_is_not_shown_for_it(process):
    await beat(process, "ana")
    await write_history(process)
    await lose_everything(process)
    await process.availability.choose(user="ana", availability=Availability.INVISIBLE)
    assert (await face_of(process, "ana")).status is Status.OFFLINE
    (loaded,) = await process.records.load(["ana"])
    assert loaded.record.veiled


async def test_an_epoch_is_restored_once_whoever_comes(join):
    first, second = join(), join()
    await beat(first)
    await write_history(first)
    await lose_everything(first)
    counts = [await first.restoring.restore_if_new(), await second.restoring.restore_if_new()]
    assert counts == [1, 0]


async def test_whoever_is_back_already_needs_no_trust(process):
    await beat(process)
    await write_history(process)
    await lose_everything(process)
    await process.heartbeats.record(user="ana", session="phone", activity=Activity.IDLE)
    await process.restoring.restore_if_new()
    (loaded,) = await process.records.load(["ana"])
    assert loaded.record.sessions.keys() == {"phone"}

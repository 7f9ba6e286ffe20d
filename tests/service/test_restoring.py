"""After the live store lost its data, people stay online for one lease, and history tells the rest."""

import pytest

from presence.domain.status import Activity, Status
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

"""History follows the log: everything once, whatever crashes or is away."""

import pytest
from django.db import connection

from presence.models import LastSeen, Transition
from presence.service.database import in_database
from presence.service.errors import Unavailable
from presence_project.embedded.folder import ServerFolder
from presence_project.embedded.valkey import Valkey
from tests.service.joined import processes
from tests.service.test_homes import beat, write_history


async def come_and_go(parts, *users):
    for user in users:
        await beat(parts, user)
        await parts.leaving.leave(user=user, session="tab", final=True)


async def stored(model=Transition):
    return await in_database(model.objects.count)


async def test_every_change_becomes_one_transition(process):
    await come_and_go(process, "ana", "ben")
    await write_history(process)
    assert (await stored(), await stored(LastSeen)) == (4, 2)
    assert await process.recorder.backlog() == 0
    assert await process.recorder.record() == 0


async def test_what_a_dead_recorder_took_is_written_once_by_the_next(join):
    dead, alive = join(), join()
    await come_and_go(dead, "ana")
    await dead.log.join()
    await dead.log.take("dead", limit=100)  # and it dies here
    assert await alive.recorder.record() == 0
    await alive.log.claim(alive.recorder._name, idle_ms=0)
    await alive.recorder.adopt()
    await write_history(alive)
    assert await stored() == 2
    assert await alive.recorder.backlog() == 0


@pytest.fixture
def lasting_valkey():
    """A Valkey that has its data again after a restart."""
    folder = ServerFolder.temporary()
    folder.prepare()
    server = Valkey(folder, durable=True)
    server.start()
    yield server
    server.stop()
    folder.remove()


async def test_what_a_lost_answer_had_taken_is_written_when_the_store_is_back(
    lasting_valkey, transactional_db
):
    async with processes(lasting_valkey.url) as join:
        process = join()
        await come_and_go(process, "ana")
        await process.log.join()
        # The store gave it away, and then went before the answer arrived.
        await process.log.take(process.recorder._name, limit=100)
        lasting_valkey.stop()
        with pytest.raises(Unavailable):
            await process.recorder.record()
        lasting_valkey.start()
        await write_history(process)
        assert await stored() == 2
        assert await process.recorder.backlog() == 0


async def test_a_batch_that_was_written_but_not_acknowledged_is_written_once(process):
    await come_and_go(process, "ana")
    await write_history(process)
    key = process.connection.keys.log(process.log.shard_of("ana"))
    # As if the process had died between commit and acknowledgement: all is to be read again.
    await process.connection.redis.xgroup_setid(key, "history", "0")
    await come_and_go(process, "ana")
    await write_history(process)
    assert await stored() == 4


def rename(table, to):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {to}")


async def test_while_postgres_cannot_write_changes_wait_and_none_is_lost(process):
    await come_and_go(process, "ana")
    await in_database(rename, "presence_last_seen", "away")
    try:
        for _ in range(3):
            with pytest.raises(Unavailable):
                await process.recorder.record()
            await come_and_go(process, "ben")  # ben has no home that could be read
    except Unavailable:
        pass
    finally:
        await in_database(rename, "away", "presence_last_seen")
    waiting = await process.recorder.backlog()
    assert waiting >= 2
    await write_history(process)
    assert await stored() == waiting
    assert await process.recorder.backlog() == 0


async def test_two_recorders_share_the_work_without_doing_it_twice(join):
    one, two = join(history_batch=2), join(history_batch=2)
    await come_and_go(one, *(f"u{number}" for number in range(6)))
    while sum([await one.recorder.record(), await two.recorder.record()]):
        pass
    assert await stored() == 12

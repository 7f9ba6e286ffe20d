"""Group commit: what waits together goes together, and nobody else pays for one who leaves."""

import asyncio

import pytest

from presence.domain.status import Status
from presence.live import batching
from presence.live.batching import Batcher
from presence.live.connection import LiveUnavailableError


async def test_all_that_are_submitted_in_one_turn_cost_one_round_trip(store):
    users = [f"u{number}" for number in range(50)]
    for user in users:
        await store.beat(user)
    batcher = Batcher(store.leases.renew)
    await asyncio.sleep(0.005)
    before = await store.calls("evalsha", "eval")
    answers = await asyncio.gather(*(batcher.submit(store.renewal(user)) for user in users))
    assert await store.calls("evalsha", "eval") - before == 1
    assert {status for _, status in answers} == {Status.ONLINE}


async def test_what_comes_while_a_batch_is_on_its_way_goes_in_the_next(store):
    for user in ("u0", "u1", "u2"):
        await store.beat(user)
    batcher = Batcher(store.leases.renew)
    await asyncio.sleep(0.005)
    before = await store.calls("evalsha", "eval")
    first = batcher.submit(store.renewal("u0"))
    await asyncio.sleep(0)  # the first batch is on its way
    rest = [batcher.submit(store.renewal(user)) for user in ("u1", "u2")]
    await asyncio.gather(first, *rest)
    assert await store.calls("evalsha", "eval") - before == 2


async def test_each_gets_its_own_answer(store):
    await store.beat("ana")
    batcher = Batcher(store.leases.renew)
    await asyncio.sleep(0.005)
    asked = [batcher.submit(store.renewal(user)) for user in ("ben", "ana", "chloe")]
    assert [status for _, status in await asyncio.gather(*asked)] == [None, Status.ONLINE, None]


async def test_one_who_goes_away_does_not_take_the_others_along(store):
    for user in ("ana", "ben"):
        await store.beat(user)
    batcher = Batcher(store.leases.renew)
    await asyncio.sleep(0.005)
    gone, staying = (batcher.submit(store.renewal(user)) for user in ("ana", "ben"))
    gone.cancel()
    now, status = await staying
    assert status is Status.ONLINE
    # The heartbeat of the one who went away had been taken, and counts.
    assert (await store.load("ana")).record.sessions["tab"].beat_until == now + 60_000


async def test_too_many_are_refused_at_once_and_the_others_go_on(store, monkeypatch):
    monkeypatch.setattr(batching, "MAX_WAITING", 3)
    await store.beat("ana")
    batcher = Batcher(store.leases.renew)
    waiting = [batcher.submit(store.renewal(user)) for user in ("ben", "chloe", "dan")]
    with pytest.raises(LiveUnavailableError, match="3 heartbeats wait already"):
        await batcher.submit(store.renewal("ana"))
    assert [status for _, status in await asyncio.gather(*waiting)] == [None] * 3
    assert (await batcher.submit(store.renewal("ana")))[1] is Status.ONLINE


async def test_more_than_one_batch_holds_are_sent_in_several(store, monkeypatch):
    monkeypatch.setattr(batching, "MAX_BATCH", 4)
    batcher = Batcher(store.leases.renew)
    before = await store.calls("evalsha", "eval")
    await asyncio.gather(*(batcher.submit(store.renewal(f"u{n}")) for n in range(10)))
    scripts = await store.calls("evalsha", "eval") - before
    assert scripts in (3, 4)  # one more when the server has not got the script yet


async def test_an_error_of_the_store_reaches_everyone_who_waits(fresh_valkey, make_store):
    store = make_store(url=fresh_valkey.url)
    await store.epoch.ensure()
    await store.beat("ana")
    batcher = Batcher(store.leases.renew)
    fresh_valkey.kill()
    asked = [batcher.submit(store.renewal("ana", f"s{n}")) for n in range(5)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [LiveUnavailableError] * 5
    fresh_valkey.start()
    assert (await batcher.submit(store.renewal("ana")))[1] is None  # empty, and answering again

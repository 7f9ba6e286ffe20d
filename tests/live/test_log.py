"""The change log: how far it reaches, who takes what, and what nobody loses."""

import asyncio

from presence.domain.signals import SignOut
from presence.live.log import GROUP, logged

USER = "ana"


async def come_and_go(store, times, user=USER):
    for _ in range(times):
        await store.beat(user)
        await store.apply(user, SignOut(session="tab"))


def positions(entries):
    return [entry.position for entry in entries]


async def test_entries_follow_a_position_in_order_and_stop_at_the_limit(store):
    await come_and_go(store, 5)
    shard = store.keys.shard(USER)
    assert positions(await store.log.after(shard, (3, 0))) == [(v, 0) for v in range(4, 11)]
    assert positions(await store.log.after(shard, (0, 0), limit=2)) == [(1, 0), (2, 0)]
    assert await store.log.after(shard, (10, 0)) == []


async def test_heads_are_the_newest_positions_as_of_an_instant(store):
    now, heads = await store.log.heads()
    assert heads == [(0, 0)] * 4
    await come_and_go(store, 1)
    later, heads = await store.log.heads()
    assert heads[store.keys.shard(USER)] == (2, 0)
    assert later >= now


async def test_the_log_keeps_about_as_many_entries_as_it_is_told(make_store):
    store = make_store(log_length=100)
    await store.epoch.ensure()
    await come_and_go(store, 150)
    kept = await store.log.after(store.keys.shard(USER), (0, 0))
    assert 100 <= len(kept) < 250
    assert kept[-1].position == (300, 0)
    assert kept[0].position != (1, 0)  # who asks from the start sees that it does not follow on


async def test_each_entry_is_taken_by_one_consumer(store):
    await store.log.join()
    users = [f"u{number}" for number in range(20)]
    for user in users:
        await store.beat(user)
    taken = await asyncio.gather(*(store.log.take(f"c{n}", limit=8) for n in range(4)))
    rest = await store.log.take("c9", limit=1_000)
    names = [entry.user for entries in (*taken, rest) for entry in entries]
    assert sorted(names) == sorted(users)


async def test_joining_twice_keeps_what_was_taken(store):
    await come_and_go(store, 1)
    await store.log.join()
    assert len(await store.log.take("one", limit=100)) == 2
    await store.log.join()
    assert await store.log.take("one", limit=100) == []


async def test_what_was_not_acknowledged_is_given_again_to_its_consumer_alone(store):
    await store.log.join()
    await come_and_go(store, 2)
    first = await store.log.take("one", limit=100)
    assert positions(await store.log.take("one", limit=100, again=True)) == positions(first)
    assert await store.log.take("two", limit=100, again=True) == []
    await store.log.acknowledge(first[:3])
    assert positions(await store.log.take("one", limit=100, again=True)) == positions(first[3:])


async def test_what_a_dead_consumer_took_is_claimed_by_another(store):
    await store.log.join()
    await come_and_go(store, 2)
    taken = await store.log.take("dead", limit=100)
    await store.log.claim("alive", idle_ms=60_000)
    assert await store.log.take("alive", limit=100, again=True) == []
    await store.log.claim("alive", idle_ms=0)
    assert positions(await store.log.take("alive", limit=100, again=True)) == positions(taken)


async def test_the_backlog_counts_what_waits_taken_or_not(store):
    assert await store.log.backlog() == 0
    await store.log.join()
    await come_and_go(store, 3)
    assert await store.log.backlog() == 6
    taken = await store.log.take("one", limit=100)
    assert await store.log.backlog() == 6
    await store.log.acknowledge(taken)
    assert await store.log.backlog() == 0


async def test_what_the_log_no_longer_has_does_not_hold_up_what_follows(store):
    """Entries taken, never acknowledged, and trimmed meanwhile: nobody can write them any more."""
    await store.log.join()
    key = store.keys.log(store.keys.shard(USER))
    await come_and_go(store, 4)
    await store.log.take("one", limit=1_000)
    await store.redis.xtrim(key, maxlen=2, approximate=False)
    again = [await store.log.take("one", limit=16, again=True) for _ in range(3)]
    assert positions(again[-1]) == [(7, 0), (8, 0)]
    await store.log.acknowledge(again[-1])
    assert (await store.redis.xpending(key, GROUP))["pending"] == 0


async def test_history_gets_public_changes_only(store):
    await store.beat(USER)
    await store.beat(USER, activity="hidden")
    entries = await store.log.after(store.keys.shard(USER), (0, 0))
    assert len(entries) == 2
    (change,) = logged("e1", entries)
    assert (change.epoch, change.shard, change.version) == ("e1", store.keys.shard(USER), 1)
    assert change.change.user == USER

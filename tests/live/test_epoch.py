"""The incarnation of the store: all agree on it, and a loss of data begins a new one."""

import asyncio

import pytest

from presence.live.epoch import ShardCountError


async def test_many_who_come_at_once_agree_on_one_epoch(make_store):
    stores = [make_store(shards=8) for _ in range(12)]
    epochs = await asyncio.gather(*(store.epoch.ensure() for store in stores))
    assert len(set(epochs)) == 1
    assert epochs[0]
    store = stores[0]
    for shard in range(8):
        assert (await store.redis.hget(store.keys.meta(shard), "epoch")).decode() == epochs[0]
    assert await asyncio.gather(*(each.epoch.ensure() for each in stores)) == epochs


async def test_an_epoch_stays_as_long_as_the_data(store, make_store):
    assert await make_store().epoch.ensure() == store.epoch.known
    assert not await store.epoch.has_changed()


async def test_an_emptied_store_begins_a_new_epoch(store):
    before = store.epoch.known
    await store.redis.flushall()
    assert await store.epoch.has_changed()
    assert await store.epoch.ensure() != before
    assert not await store.epoch.has_changed()


async def test_the_loss_of_one_shard_begins_a_new_epoch_for_all(store, make_store):
    before = store.epoch.known
    await store.redis.delete(store.keys.meta(2))
    others = [make_store() for _ in range(4)]
    epochs = await asyncio.gather(*(each.epoch.ensure() for each in others))
    assert len(set(epochs)) == 1
    assert before not in epochs
    assert await store.epoch.has_changed()


async def test_a_shard_that_was_left_behind_is_brought_along(store):
    await store.redis.hset(store.keys.meta(1), "epoch", "older")
    assert await store.epoch.ensure() == store.epoch.known
    assert await store.redis.hget(store.keys.meta(1), "epoch") == store.epoch.known.encode()


async def test_another_number_of_shards_is_refused_saying_both(store, make_store):
    with pytest.raises(ShardCountError, match=r"4 shards, the settings say 8.*PRESENCE_SHARDS=4"):
        await make_store(shards=8).epoch.ensure()


async def test_an_epoch_is_filled_from_history_once(store, make_store):
    other = make_store()
    await other.epoch.ensure()
    assert not await other.epoch.is_restored()
    await store.epoch.note_restored()
    assert await other.epoch.is_restored()
    await store.redis.delete(store.keys.meta(0))
    await other.epoch.ensure()
    assert not await other.epoch.is_restored()

"""Changes go out at once while they are few, and share messages when they are many."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from channels.layers import get_channel_layer

from presence.live.bus import AlertsFired, Bus
from presence.live.codec import pack_own_change
from presence.live.records import Committed
from presence.service.publishing import Publisher
from tests.service.joined import until


@pytest.fixture
async def heard(join):
    """Make a publisher as of another process, `publish_every(pace)`; and what this one hears."""
    messages = []
    bus = Bus(get_channel_layer(), join().settings.key_prefix)

    async def listen():
        async for news in bus.listen():
            messages.append(news)  # noqa: PERF401  (read while it grows)

    listening = asyncio.create_task(listen())
    await until(lambda: messages)  # the first one says that it listens
    messages.clear()
    yield lambda pace: Publisher(bus, pace=pace), messages
    listening.cancel()


def commits(shard):
    """Changes of a user each, as a shard numbers them."""
    for version in count(1):
        yield Committed(
            user=f"u{version}",
            shard=shard,
            version=version,
            sub=0,
            at=version,
            payload=pack_own_change(f"u{version}"),
        )


async def test_what_comes_now_and_then_goes_alone_and_at_once(heard):
    publish_every, messages = heard
    publisher = publish_every(timedelta(seconds=0.5))
    for number, commit in zip(range(1, 6), commits(0), strict=False):
        publisher.publish(commit)
        await until(lambda number=number: len(messages) == number)
    assert [len(each.entries) for each in messages] == [1] * 5


async def test_a_flood_shares_messages_and_arrives_whole_and_in_order(heard):
    publish_every, messages = heard
    publisher = publish_every(timedelta(seconds=0.5))
    flood = [commits(shard) for shard in range(3)]
    for _ in range(100):
        for each in flood:
            publisher.publish(next(each))
        await asyncio.sleep(0)
    publisher.publish(replace(next(flood[0]), rooms=("lobby",)))
    publisher.tell(AlertsFired("u1", 1, ("ben",)))
    await publisher.drained()
    await until(lambda: sum(len(each.entries) for each in messages) == 301)
    assert len(messages) < 20
    for shard in range(3):
        versions = [
            entry.position[0] for news in messages for entry in news.entries if entry.shard == shard
        ]
        assert versions == sorted(set(versions))
    assert [news.rooms for news in messages if news.rooms] == [("lobby",)]
    assert [news.fired for news in messages if news.fired] == [(AlertsFired("u1", 1, ("ben",)),)]


async def test_who_hears_too_much_speaks_less(heard):
    publish_every, messages = heard
    patient, busy = (
        publish_every(timedelta(milliseconds=1)),
        publish_every(timedelta(milliseconds=1)),
    )
    for publisher in (patient, busy):
        publisher.publish(next(commits(0)))
        await publisher.drained()
    for _ in range(500_000):  # as if a few hundred processes spoke at once
        busy.note_heard()
    await asyncio.sleep(1.1)  # what was heard is counted by the second
    spoken = []
    for publisher in (patient, busy):
        messages.clear()
        for _, commit in zip(range(60), commits(0), strict=False):
            publisher.publish(commit)
            await asyncio.sleep(0.002)
        await publisher.drained()
        await until(lambda: sum(len(each.entries) for each in messages) == 60)
        spoken.append(len(messages))
    assert spoken[1] < spoken[0] / 2

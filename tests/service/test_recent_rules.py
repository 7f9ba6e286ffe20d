"""What the log of rules says about a time, a user, and what it has forgotten."""

import pytest

from presence.live.connection import Connection
from presence.live.keys import Keys
from presence.live.rules_log import KEPT, RulesLog
from presence.service.recent_rules import RecentRules


@pytest.fixture
async def log(redis_url):
    connection = Connection(redis_url, Keys.of("presence", 2))
    yield RulesLog(connection)
    await connection.close()


async def instant(log):
    """Return the instant of the newest change."""
    return int((await log.head()).partition("-")[0])


async def test_a_change_counts_for_its_users_and_for_who_was_told_before(log):
    recent = RecentRules(log)
    await log.append(["ana", "ben"])
    at = await instant(log)
    assert await recent.have_changed([["chloe"], ["ben", "dan"]], since=at - 1)
    assert not await recent.have_changed([["chloe"], ["dan"]], since=at - 1)
    assert not await recent.have_changed([["ben"]], since=at), "told already"


async def test_what_comes_later_is_seen_as_well(log):
    recent = RecentRules(log)
    assert not await recent.have_changed([["ana"]], since=0)
    await log.append(["ana"])
    at = await instant(log)
    assert await recent.have_changed([["ana"]], since=at - 1)
    await log.append(["ben"])
    assert await recent.have_changed([["ben"]], since=at - 1)
    assert not await recent.have_changed([["ana"]], since=at)


async def test_the_last_change_of_a_user_is_the_one_that_counts(log):
    recent = RecentRules(log)
    await log.append(["ana"])
    first = await instant(log)
    while await instant(log) == first:
        await log.append(["ana"])
    assert await recent.have_changed([["ana"]], since=first)


async def test_what_the_log_no_longer_holds_cannot_be_told(log):
    early, late = RecentRules(log), RecentRules(log)
    assert not await early.have_changed([["ana"]], since=0)
    await log.append(["ana"])
    at = await instant(log)
    while await instant(log) == at:
        await log.append(["ben"])
    for start in range(0, 2 * KEPT, 1_000):
        async with log._redis.pipeline(transaction=False) as pipe:
            for number in range(start, start + 1_000):
                pipe.xadd(log._key, {"u": f"u{number}"}, maxlen=KEPT, approximate=True)
            await pipe.execute()
    for recent in (early, late):
        assert await recent.have_changed([["nobody"]], since=at) is None
        end = await instant(log)
        assert await recent.have_changed([["nobody"]], since=end) is False


async def test_memory_is_bounded_by_the_newest(log):
    recent = RecentRules(log)
    assert not await recent.have_changed([["ana"]], since=0)
    for start in range(0, 3 * KEPT, 5_000):
        async with log._redis.pipeline(transaction=False) as pipe:
            for number in range(start, start + 5_000):
                pipe.xadd(log._key, {"u": f"u{number}"})
            await pipe.execute()
        await recent.have_changed([["ana"]], since=await instant(log))
    assert len(recent._changed_at) <= 2 * KEPT
    end = await instant(log)
    assert await recent.have_changed([[f"u{3 * KEPT - 1}"]], since=end - 1)
    assert await recent.have_changed([["u0"]], since=0) is None

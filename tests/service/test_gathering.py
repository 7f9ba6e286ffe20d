"""Many callers, few loads; every caller gets what they asked for."""

import asyncio

import pytest

from presence.service.gathering import Gathering


class Store:
    """Answers squares, when let; keeps what it was asked."""

    def __init__(self):
        self.asked, self.may_answer, self.is_broken = [], asyncio.Event(), False

    async def load(self, keys):
        self.asked.append(list(keys))
        await self.may_answer.wait()
        if self.is_broken:
            raise OSError("gone")
        return {key: key * key for key in keys}


@pytest.fixture
def store():
    return Store()


async def test_what_is_asked_for_meanwhile_shares_loads(store):
    gathering = Gathering(store.load, most=10)
    first = asyncio.create_task(gathering.get(0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    callers = [asyncio.create_task(gathering.get_all(range(start, 25))) for start in (0, 5, 20)]
    await asyncio.sleep(0)
    store.may_answer.set()
    assert await first == 0
    for start, caller in zip((0, 5, 20), callers, strict=True):
        assert await caller == {key: key * key for key in range(start, 25)}
    # 0 was on its way already when it was asked for again: the second answer is a newer one.
    assert store.asked == [[0], [*range(10)], [*range(10, 20)], [*range(20, 25)]]


async def test_who_goes_away_takes_nothing_from_the_others(store):
    gathering = Gathering(store.load, most=10)
    one, other = (asyncio.create_task(gathering.get(3)) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    store.may_answer.set()
    assert await other == 9
    assert store.asked == [[3]]


async def test_everybody_hears_of_a_failure_and_the_next_load_is_another(store):
    gathering = Gathering(store.load, most=10)
    callers = [asyncio.create_task(gathering.get_all([number])) for number in (1, 2)]
    await asyncio.sleep(0)
    store.is_broken = True
    store.may_answer.set()
    for caller in callers:
        with pytest.raises(OSError, match="gone"):
            await caller
    store.is_broken = False
    assert await gathering.get(4) == 16


async def test_nothing_asked_for_is_nothing_loaded(store):
    assert await Gathering(store.load, most=10).get_all([]) == {}
    assert store.asked == []

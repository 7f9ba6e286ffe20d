"""One timer for all: everything fires, once, not before its time."""

import asyncio

from presence.fanout.wheel import Wheel
from tests.fanout.streams import until


async def test_everything_fires_once_in_the_order_of_its_time():
    loop = asyncio.get_running_loop()
    fired = []
    wheel = Wheel(step=0.01, fire=lambda item: fired.append((item, loop.time())))
    started = loop.time()
    delays = {name: 0.01 * (7 * name % 13) for name in range(40)}
    for name, delay in delays.items():
        wheel.add(name, delay)
    await until(lambda: len(fired) >= 40)
    await asyncio.sleep(0.03)
    assert sorted(name for name, _ in fired) == list(range(40))
    assert all(at - started >= delays[name] - 0.001 for name, at in fired)
    assert [delays[name] for name, _ in fired] == sorted(delays.values())


async def test_what_fires_may_add_itself_again():
    fired = []

    def fire(item):
        fired.append(item)
        if len(fired) < 5:
            wheel.add(item, 0.001)

    wheel = Wheel(step=0.005, fire=fire)
    wheel.add("a", 0.0)
    await until(lambda: len(fired) == 5)


async def test_something_sooner_does_not_wait_for_something_later():
    fired = []
    wheel = Wheel(step=0.005, fire=fired.append)
    wheel.add("late", 3_600)
    wheel.add("soon", 0.005)
    await until(lambda: fired)
    assert fired == ["soon"]
    wheel.close()


async def test_a_closed_wheel_fires_nothing():
    fired = []
    wheel = Wheel(step=0.005, fire=fired.append)
    wheel.add("a", 0.01)
    wheel.close()
    await asyncio.sleep(0.03)
    assert fired == []

"""One timer for all: everything fires, once, not before its time."""

import asyncio
from itertools import pairwise

import uvloop

from presence.fanout.wheel import Wheel
from tests.fanout.streams import until


async def test_everything_fires_once_in_the_order_of_its_time():
    loop = asyncio.get_running_loop()
    fired = []
    wheel = Wheel(step=0.01, fire=lambda item: fired.append((item, loop.time())))
    due = {}
    for name in range(40):
        delay = 0.01 * (7 * name % 13)
        due[name] = loop.time() + delay
        wheel.add(name, delay)
    await until(lambda: len(fired) >= 40)
    await asyncio.sleep(0.03)
    assert sorted(name for name, _ in fired) == list(range(40))
    assert all(at >= due[name] - 0.001 for name, at in fired)
    in_order = [due[name] for name, _ in fired]
    assert all(later > sooner - 0.01 for sooner, later in pairwise(in_order)), "but for one step"


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


def test_what_is_due_at_once_is_no_timer_under_uvloop():
    fired = []

    async def be_late():
        # What is due within half a millisecond is no timer there, but called at once: it has no time of its own.
        wheel = Wheel(step=0.0001, fire=fired.append)
        for number in range(3):
            wheel.add(("soon", number), 0.0001)
            wheel.add(("later", number), 0.01)
            await asyncio.sleep(0)
        await until(lambda: len(fired) == 6)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(be_late())


async def test_one_that_raises_does_not_take_the_others_with_it():
    loop, fired, raised = asyncio.get_running_loop(), [], []
    loop.set_exception_handler(lambda _, context: raised.append(context["exception"]))

    def fire(item):
        if item == "broken":
            raise ValueError(item)
        fired.append(item)

    wheel = Wheel(step=0.005, fire=fire)
    for item in ("a", "broken", "b", "c"):
        wheel.add(item, 0.001)
    await until(lambda: len(fired) == 3)
    assert fired == ["a", "b", "c"]
    assert [str(error) for error in raised] == ["broken"]

"""The pace at which a watched room is looked at: the larger it is, the seldomer."""

import asyncio

import pytest

from presence.domain.status import Activity
from presence.service.room_watching import _Watched
from presence.service.watching import Request
from tests.fanout.wires import Client, Wire
from tests.service.joined import ms, until

INTERVAL = 0.02
CROWD = 1_000


@pytest.mark.parametrize(
    ("size", "pace"), [(0, 1), (1, 1), (50, 1), (51, 4), (999, 4), (1_000, 20), (50_000, 20)]
)
def test_a_touched_room_is_looked_at_at_the_pace_of_its_size(size, pace):
    touched = _Watched(size=size)
    assert touched.is_due(pace)
    assert not touched.is_due(pace - 0.01)


def test_an_untouched_room_is_looked_at_now_and_then_since_the_bus_may_lose_messages():
    quiet = _Watched(is_touched=False)
    assert quiet.is_due(20)
    assert not quiet.is_due(19.9)


async def test_who_watches_a_crowd_is_told_how_many_they_are_and_never_faster(join):
    process = join(room_interval=ms(1_000 * INTERVAL))
    process.start()

    async def enter(*numbers):
        for number in numbers:
            await process.heartbeats.record(
                user=f"fan{number}", session="tab", activity=Activity.ACTIVE, rooms=("arena",)
            )

    await asyncio.gather(*(enter(*range(start, CROWD, 20)) for start in range(20)))
    client, wire = Client(), Wire()
    loop = asyncio.get_running_loop()
    opened = await process.watching.open(Request(viewer="ben", rooms=("arena",)), lambda _: None)
    wire.write(opened.beginning)
    began = loop.time()
    process.hub.release(opened.watch, wire)

    def told():
        client.read(wire)
        return client.rooms["arena"]["count"]

    assert told() == CROWD
    for number in range(CROWD, CROWD + 40):
        await enter(number)
        await asyncio.sleep(INTERVAL)
    await until(told, lambda count: count == CROWD + 40)
    views = [data for name, data in client.seen if name == "room"]
    assert not any(view["whole"] for view in views)
    # The first is the stream's beginning; of the looks after it none comes before its time, however slow this is.
    looks = len(views) - 1
    assert 1 < looks <= (loop.time() - began) / (20 * INTERVAL) + 1
    process.watching.close(opened, is_lost=True)

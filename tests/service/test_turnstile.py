"""Who comes alone passes at once; who comes together passes together; nobody gets lost on the way."""

import asyncio

import pytest

from presence.service.errors import Unavailable
from presence.service.turnstile import Turnstile
from tests.service.joined import until


class Door:
    """A turnstile, and who is inside of it. They stay until `out` is set."""

    def __init__(self, room=1_000):
        self.turnstile = Turnstile(is_full=lambda waiting: waiting >= room)
        self.inside = []
        self.out = asyncio.Event()

    async def pass_through(self, name):
        async with self.turnstile:
            self.inside.append(name)
            await self.out.wait()

    def come(self, *names):
        return [asyncio.create_task(self.pass_through(name)) for name in names]


async def turns(count=3):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_who_comes_alone_does_not_wait():
    door = Door()
    door.come("ana")
    await turns()
    assert door.inside == ["ana"]


async def test_who_comes_after_somebody_waits_and_passes_with_all_who_came_meanwhile():
    door = Door()
    door.come("ana")
    await turns()
    door.come("ben", "chloe", "dan")
    await turns()
    assert door.inside == ["ana"]
    await until(lambda: len(door.inside) > 1)
    assert door.inside == ["ana", "ben", "chloe", "dan"], "all in one turn of the loop"


async def test_no_more_than_200_are_inside_and_the_next_follow_who_leaves():
    door = Door()
    tasks = door.come(*range(450))
    await until(lambda: len(door.inside) == 200)
    await asyncio.sleep(0.3)
    assert len(door.inside) == 200
    door.out.set()
    await asyncio.gather(*tasks)
    assert sorted(door.inside) == list(range(450))


async def test_who_goes_while_waiting_takes_no_place():
    door = Door()
    door.come("ana")
    await turns()
    (going,), (staying,) = door.come("ben"), door.come("chloe")
    await turns()
    going.cancel()
    await until(lambda: "chloe" in door.inside)
    assert door.inside == ["ana", "chloe"]
    door.out.set()
    await staying


async def test_who_goes_at_the_very_moment_of_their_turn_leaves_the_place_to_others():
    door = Door()
    first = door.come(*range(200))
    await until(lambda: len(door.inside) == 200)
    (going,) = door.come("ben")
    await turns()
    let_in = door.turnstile._let_in
    door.turnstile._let_in = lambda: (let_in(), going.cancel())
    first[0].cancel()
    await until(going.done)
    assert "ben" not in door.inside
    door.turnstile._let_in = let_in
    door.come("chloe")
    await until(lambda: "chloe" in door.inside)


async def test_an_error_inside_gives_the_place_back():
    door = Door()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with door.turnstile:
                raise ZeroDivisionError
    door.come("ana")
    await until(lambda: door.inside == ["ana"])


async def test_who_finds_it_full_is_turned_away():
    door = Door(room=1)
    door.come("ana")
    await turns()
    door.come("ben")
    await turns()
    with pytest.raises(Unavailable):
        await door.pass_through("chloe")

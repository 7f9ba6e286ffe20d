"""Two people in a room see each other, and what they are called."""

import pytest
from playwright.async_api import expect

from tests.browser.people import CONNECTION
from tests.browser.waiting import until


async def _enter(tab, room):
    await tab.page.get_by_label("A room's name").fill(room)
    await tab.page.get_by_role("button", name="Enter").click()
    return tab.page.get_by_role("region", name=room)


async def _watches(tab, room):
    """Whether the page knows of this room what its stream tells."""
    return await tab.page.evaluate(f"(room) => Boolean({CONNECTION}.room(room))", room)


async def test_they_see_each_other_enter_and_leave(log_in):
    ana = await (await log_in("ana")).open_tab()
    ben = await (await log_in("ben")).open_tab()

    of_ana = await _enter(ana, "kitchen")
    await expect(of_ana.get_by_role("listitem")).to_contain_text(["You"])
    of_ben = await _enter(ben, "kitchen")

    await expect(of_ana.get_by_role("listitem")).to_contain_text(["You", "ben"])
    await expect(of_ben.get_by_role("listitem")).to_contain_text(["You", "ana"])
    await expect(of_ana.locator("presence-dot[status=online]")).to_have_count(2)
    await expect(of_ana.get_by_text("2 here")).to_be_visible()

    await of_ben.get_by_role("button", name="Leave kitchen").click()
    await expect(of_ben).to_have_count(0)
    await expect(of_ana.get_by_role("listitem")).to_contain_text(["You"])
    await expect(of_ana.get_by_text("1 here")).to_be_visible()


async def test_who_is_no_contact_is_shown_by_name(log_in):
    ana = await (await log_in("ana")).open_tab()
    stranger = await (await log_in("admin")).open_tab()

    await _enter(stranger, "kitchen")
    of_ana = await _enter(ana, "kitchen")

    await expect(of_ana.get_by_role("listitem")).to_contain_text(["You", "admin"])
    await expect(ana.page.locator("#rooms [role=status]").first).to_have_text(
        "In kitchen: You, admin"
    )


async def test_a_room_that_one_left_is_watched_no_more(log_in):
    person = await log_in("ana")
    ana = await person.open_tab()
    ben = await (await log_in("ben")).open_tab()
    of_ana = await _enter(ana, "kitchen")
    await _enter(ana, "garden")
    await until(lambda: _watches(ana, "kitchen"))
    await until(lambda: _watches(ana, "garden"))

    await of_ana.get_by_role("button", name="Leave kitchen").click()

    await until(lambda: _last_stream(person, has="rooms=garden&"))
    of_ben = await _enter(ben, "kitchen")
    await expect(of_ben.get_by_role("listitem")).to_contain_text(["You"])
    assert not await _watches(ana, "kitchen")
    assert await _watches(ana, "garden")


async def _last_stream(person, *, has):
    return has in person.streams[-1]


async def test_a_room_goes_on_for_the_other_tab_that_is_in_it(log_in):
    person = await log_in("ana")
    tabs = [await person.open_tab(), await person.open_tab()]
    boxes = [await _enter(tab, "kitchen") for tab in tabs]
    for box in boxes:
        await expect(box.get_by_role("listitem")).to_contain_text(["You"])

    await boxes[0].get_by_role("button", name="Leave kitchen").click()
    await expect(boxes[0]).to_have_count(0)
    await _enter(await (await log_in("ben")).open_tab(), "kitchen")

    await expect(boxes[1].get_by_role("listitem")).to_contain_text(["You", "ben"])


@pytest.mark.parametrize("where", ["leading", "following"])
async def test_a_listener_hears_at_once_of_a_room_that_another_tab_watches(log_in, where):
    person = await log_in("ana")
    leader = await person.open_tab()
    follower = await person.open_tab()
    first, second = (follower, leader) if where == "leading" else (leader, follower)
    await expect((await _enter(first, "kitchen")).get_by_role("listitem")).to_contain_text(["You"])
    await until(lambda: _watches(second, "kitchen"))

    await second.page.evaluate(
        f"globalThis.heard = []; {CONNECTION}.on('room', (room) => heard.push(room));"
        f"{CONNECTION}.watch({{ rooms: ['kitchen'] }})"
    )

    heard = await until(lambda: second.page.evaluate("heard"))
    assert (heard[0]["room"], heard[0]["count"]) == ("kitchen", 1)


async def test_a_name_that_cannot_be_a_rooms_is_not_sent(log_in):
    ana = await (await log_in("ana")).open_tab()

    room = await _enter(ana, "two words")

    await expect(room).to_have_count(0)
    assert await ana.page.evaluate("document.querySelector('#room').matches(':invalid')")

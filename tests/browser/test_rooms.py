"""Two people in a room see each other."""

from playwright.async_api import expect


async def _enter(tab, room):
    await tab.page.get_by_label("A room's name").fill(room)
    await tab.page.get_by_role("button", name="Enter").click()
    return tab.page.get_by_role("region", name=room)


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


async def test_a_name_that_cannot_be_a_rooms_is_not_sent(log_in):
    ana = await (await log_in("ana")).open_tab()

    room = await _enter(ana, "two words")

    await expect(room).to_have_count(0)
    assert await ana.page.evaluate("document.querySelector('#room').matches(':invalid')")

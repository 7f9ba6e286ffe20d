"""Two people in two browsers see each other."""

from playwright.async_api import expect

from tests.browser.people import Tab
from tests.browser.waiting import until


async def test_they_see_each_other_come_and_leave(log_in):
    ben = await (await log_in("ben")).open_tab()
    await ben.sees_status("ana", "offline")

    ana = await (await log_in("ana")).open_tab()

    await ben.sees("ana", "online")
    await ana.sees("ben", "online")
    await ana.page.close()
    await ben.sees("ana", "last seen just now")


async def test_a_hidden_tab_says_so_and_makes_nobody_offline(log_in):
    ben = await (await log_in("ben")).open_tab()
    ana = await (await log_in("ana")).open_tab()
    await ben.sees("ana", "online")
    await ben.record_changes()

    await ana.hide()
    await ana.does("hidden")
    # Longer than the lease of a visible tab: only the longer one of a hidden tab can have kept it.
    beats = {await ana.last_beat()}

    async def heard() -> bool:
        beats.add(await ana.last_beat())
        return max(beats) - min(beats) > 7

    await until(heard, within=40)
    await ana.show()
    await ana.does("active")
    assert [each for each in await ben.changes() if each[1] == "offline"] == []


async def test_a_chosen_status_and_message_reach_the_other(log_in):
    ben = await (await log_in("ben")).open_tab()
    ana = await (await log_in("ana")).open_tab()
    await ben.sees("ana", "online")

    await ana.page.get_by_label("Message").fill("writing")
    await ana.page.locator("#emoji").select_option("🎧")
    await ana.page.locator("#for").select_option("60")
    await ana.page.get_by_role("radio", name="Busy").check()
    await ben.sees("ana", "busy · 🎧 writing")

    await ana.page.get_by_role("radio", name="Invisible").check()
    await ben.sees("ana", "last seen")
    await ana.page.get_by_role("radio", name="Automatic").check()
    await ben.sees("ana", "online · 🎧 writing")


async def test_the_login_leads_to_the_page(newcomer, site):
    page = await (await newcomer()).context.new_page()
    await page.goto(f"{site.url}/")
    await page.get_by_label("Name").fill("ana")
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_contain_text("do not belong together")

    await page.get_by_label("Password").fill("presence-demo")
    await page.get_by_role("button", name="Log in").click()

    await Tab(page).is_live()

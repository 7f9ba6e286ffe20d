"""Two people in two browsers see each other."""

from playwright.async_api import expect

from tests.browser.conftest import Tab


async def _activities(tab):
    return [each["activity"] for each in await tab.sessions() if not each["leaving"]]


async def test_they_see_each_other_come_and_leave(log_in):
    ben = await (await log_in("ben")).open_tab()
    await ben.sees_status("ana", "offline")

    ana = await (await log_in("ana")).open_tab()

    await ben.sees("ana", "online", within=2)
    await ana.sees("ben", "online", within=2)
    await ana.page.close()
    await ben.sees("ana", "last seen just now", within=5)


async def test_a_hidden_tab_says_so_and_makes_nobody_offline(log_in):
    ben = await (await log_in("ben")).open_tab()
    ana = await (await log_in("ana")).open_tab()
    await ben.sees("ana", "online")

    await ana.hide()
    await ana.page.wait_for_timeout(1500)
    assert await _activities(ana) == ["hidden"]

    await ana.page.wait_for_timeout(4000)  # longer than the lease of a visible tab
    assert await ben.person("ana").get_attribute("data-status") != "offline"
    await ana.show()
    await ana.page.wait_for_timeout(1500)
    assert await _activities(ana) == ["active"]
    await ben.sees("ana", "online")


async def test_a_chosen_status_and_message_reach_the_other(log_in):
    ben = await (await log_in("ben")).open_tab()
    ana = await (await log_in("ana")).open_tab()
    await ben.sees("ana", "online")

    await ana.page.get_by_label("Message").fill("writing")
    await ana.page.locator("#emoji").select_option("🎧")
    await ana.page.locator("#for").select_option("60")
    await ana.page.get_by_role("radio", name="Busy").check()
    await ben.sees("ana", "busy · 🎧 writing", within=2)

    await ana.page.get_by_role("radio", name="Invisible").check()
    await ben.sees("ana", "last seen", within=2)
    await ana.page.get_by_role("radio", name="Automatic").check()
    await ben.sees("ana", "online", within=2)
    await ana.page.get_by_label("Message").fill("")
    await ana.page.locator("#emoji").select_option("")
    await ana.page.get_by_role("button", name="Set").click()
    await ben.sees("ana", "online", within=2)


async def test_logging_out_is_seen_without_a_grace(log_in):
    ben = await (await log_in("ben")).open_tab()
    ana = await (await log_in("ana")).open_tab()
    await ben.sees("ana", "online")

    await ana.page.get_by_role("button", name="Log out").click()

    await ben.sees("ana", "last seen just now", within=2)
    await ana.page.wait_for_url("**/accounts/login/**")


async def test_the_login_leads_to_the_page(browser, site):
    page = await browser.new_page()
    await page.goto(f"{site.url}/")
    await page.get_by_label("Name").fill("ana")
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_contain_text("do not belong together")

    await page.get_by_label("Password").fill("presence-demo")
    await page.get_by_role("button", name="Log in").click()

    await Tab(page).is_live()

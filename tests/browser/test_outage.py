"""The server goes away and comes back: what was known turns grey, then heals."""

import asyncio

from playwright.async_api import expect

# Long enough for a server to start again before everything counts as stale.
CLOCKS = {"PRESENCE_KEEPALIVE_INTERVAL": "8"}


async def test_dots_turn_grey_and_heal_without_flicker(log_in, site):
    ben = await log_in("ben")
    tab = await ben.open_tab()
    ana = await log_in("ana")
    await ana.open_tab()
    await tab.sees("ana", "online")
    await tab.record_changes()

    site.kill()
    banner = tab.page.locator("#banner")
    await expect(banner).to_contain_text("Connection lost, showing what we knew at", timeout=15_000)
    await tab.sees("ana", "was online")
    await asyncio.to_thread(site.start)

    await expect(banner).to_be_hidden(timeout=35_000)
    await tab.sees("ana", "online", within=2)
    shown = {}
    for user, status, grey in await tab.changes():
        shown.setdefault(user, []).append((status, grey))
    assert sorted({len(steps) for steps in shown.values()}) == [2]
    assert all(steps == [(steps[0][0], True), (steps[0][0], False)] for steps in shown.values())
    for person in (ben, ana):
        assert set(person.complaints) <= {"presence: server not reachable"}
        person.complaints.clear()


async def test_a_short_interruption_is_not_seen_at_all(log_in, site):
    ben = await log_in("ben")
    tab = await ben.open_tab()
    await tab.record_changes()

    site.kill()
    await asyncio.to_thread(site.start)
    await tab.page.evaluate("void window.dispatchEvent(new Event('online'))")
    await asyncio.sleep(3)

    await tab.is_live()
    assert await tab.page.locator("#banner").is_hidden()
    assert [each for each in await tab.changes() if each[1] == "offline" or each[2]] == []
    ben.complaints.clear()  # a beat may have met the closed door


async def test_a_refused_stream_is_replaced_by_asking(log_in):
    ben = await log_in("ben")

    async def refuse(route):
        await route.fulfill(status=503, content_type="text/html", body="<h1>Busy</h1>")

    await ben.context.route("**/presence/stream?**", refuse)
    page = await ben.context.new_page()
    page.on("console", ben._listen)
    await page.goto(f"{ben.site.url}/")
    await expect(page.locator("#banner")).to_contain_text("asks now and then", timeout=20_000)
    assert await page.locator("presence-list li").count() == 9
    assert ben.complaints == ["presence: the stream answers 503; polling meanwhile"]
    ben.complaints.clear()

    await ben.context.unroute_all()
    await expect(page.locator("#banner")).to_be_hidden(timeout=35_000)

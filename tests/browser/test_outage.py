"""The server goes away and comes back: what was known turns grey, then heals."""

import asyncio

from playwright.async_api import expect

from tests.browser.people import CONNECTION
from tests.browser.waiting import until

# Long enough for a server to start again before everything counts as stale.
CLOCKS = {"PRESENCE_KEEPALIVE_INTERVAL": "8"}


async def test_dots_turn_grey_and_heal_without_flicker(log_in, site):
    ben = await log_in("ben")
    tab = await ben.open_tab()
    ana = await log_in("ana")
    await (await ana.open_tab()).sees("ben", "online")
    await tab.sees("ana", "online")
    await tab.record_changes()

    site.kill()
    banner = tab.page.locator("#banner")
    await expect(banner).to_contain_text("Connection lost, showing what we knew at", timeout=20_000)
    await tab.sees("ana", "was online")
    await asyncio.to_thread(site.start)

    await expect(banner).to_be_hidden(timeout=45_000)
    await tab.sees("ana", "online")
    shown = {}
    for user, status, grey in await tab.changes():
        shown.setdefault(user, []).append((status, grey))
    assert sorted({len(steps) for steps in shown.values()}) == [2]
    assert all(steps == [(steps[0][0], True), (steps[0][0], False)] for steps in shown.values())
    for person in (ben, ana):
        assert set(person.complaints) <= {"presence: server not reachable"}
        person.complaints.clear()


async def test_a_short_interruption_is_not_seen_at_all(log_in, relay):
    ben = await log_in("ben")
    ben.address = relay.url
    tab = await ben.open_tab()
    await tab.record_changes()

    async def has_streams(count: int) -> bool:
        return len(ben.streams) >= count

    await relay.cut()
    await relay.open()
    await tab.page.evaluate("void window.dispatchEvent(new Event('online'))")

    await until(lambda: has_streams(2))
    await (await log_in("ana")).open_tab()
    await tab.sees("ana", "online")
    assert await tab.page.locator("#banner").is_hidden()
    assert [each for each in await tab.changes() if each[1] == "offline" or each[2]] == []
    ben.complaints.clear()  # a beat may have met the closed door


async def test_what_the_server_lost_sight_of_is_grey_until_it_is_back(log_in, site):
    ben = await log_in("ben")
    tab = await ben.open_tab()
    ana = await log_in("ana")
    await (await ana.open_tab()).sees("ben", "online")
    await tab.sees("ana", "online")

    site.valkey.kill()
    await tab.sees("ana", "was online")
    assert await tab.page.evaluate(f"{CONNECTION}.stale")
    # Not in a thread: an embedded server ends with the thread that started it, here with this test.
    site.valkey.start()

    await tab.sees_status("ana", "online", within=60)
    await expect(tab.page.locator("#banner")).to_be_hidden(timeout=20_000)
    for person in (ben, ana):
        person.complaints.clear()  # heartbeats that nobody could keep

"""What stands between a browser and the service, or is missing in the browser: the page goes on, and says why once."""

import pytest
from playwright.async_api import expect

from tests.browser.people import CONNECTION, Tab
from tests.browser.waiting import until

PROBLEM = "application/problem+json"
HTML = "text/html"
REFUSALS = [(401, PROBLEM), (403, PROBLEM), (404, HTML), (429, PROBLEM), (503, HTML), (200, HTML)]
POLLS = "No live stream to be had here, so this page asks now and then."
WITHOUT = {
    "locks": "Object.defineProperty(navigator, 'locks', {value: undefined})",
    "channel": "delete globalThis.BroadcastChannel",
}
NO_STORAGE = """for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"])
    Object.defineProperty(globalThis, name, {get() { throw new DOMException("denied", "SecurityError"); }})"""
WRONG_CLOCK = """{
    const True = Date;
    globalThis.ahead = 26 * 3600e3;
    globalThis.Date = class extends True {
        constructor(...given) { given.length ? super(...given) : super(True.now() + ahead); }
        static now() { return True.now() + ahead; }
    };
}"""


@pytest.mark.parametrize(("status", "kind"), REFUSALS, ids=str)
async def test_a_refused_stream_is_replaced_by_asking(log_in, status, kind):
    ben = await log_in("ben")

    async def refuse(route):
        await route.fulfill(status=status, content_type=kind, body="<h1>No</h1>")

    await ben.context.route("**/presence/stream?**", refuse)
    tab = await ben.visit("/")
    banner = tab.page.locator("#banner")
    await expect(banner).to_have_text(POLLS)
    await tab.sees_status("ana", "offline")
    await (await log_in("ana")).open_tab()
    why = HTML if status == 200 else status
    said = f"presence: the stream answers {why}; polling meanwhile"
    await until(lambda: _has_said(ben, said))

    if status >= 429:  # the others are mistakes that quick repetition does not mend
        await ben.context.unroute_all()
        await expect(banner).to_be_hidden(timeout=60_000)
        await tab.sees("ana", "online")
    assert ben.complaints == [said]
    ben.complaints.clear()


async def test_a_proxy_that_buffers_is_noticed_and_the_page_asks(log_in, relay):
    ben = await log_in("ben")
    ben.address = relay.url
    relay.buffers = True
    tab = await ben.visit("/")

    await expect(tab.page.locator("#banner")).to_have_text(POLLS, timeout=45_000)
    await tab.sees_status("ana", "offline")
    assert ben.complaints == ["presence: no events: does a proxy buffer them?"]

    relay.buffers = False
    await tab.is_live(within=60)
    ben.complaints.clear()


@pytest.mark.parametrize("missing", WITHOUT)
async def test_a_browser_without_locks_or_channels_has_a_stream_per_tab(log_in, missing):
    ana = await log_in("ana")
    await ana.context.add_init_script(WITHOUT[missing])
    tabs = [await ana.open_tab() for _ in range(2)]

    assert [await tab.leads() for tab in tabs] == [True, True]
    said = "presence: no Web Locks or BroadcastChannel: one stream per tab"
    assert ana.complaints == [said, said]
    ana.complaints.clear()


async def test_a_browser_that_stores_nothing_is_no_hindrance(log_in):
    ana = await log_in("ana")
    await ana.context.add_init_script(NO_STORAGE)
    tabs = [await ana.open_tab() for _ in range(2)]
    ben = await (await log_in("ben")).open_tab()

    await ben.sees("ana", "online")
    for tab in tabs:
        await tab.sees("ben", "online")
    assert len(ana.streams) == 1


async def test_a_clock_that_is_wrong_and_jumps_misleads_nobody(log_in):
    ana = await log_in("ana")
    await ana.context.add_init_script(WRONG_CLOCK)
    tab = await ana.open_tab()
    ben = await log_in("ben")
    await (await ben.open_tab()).sees("ana", "online")
    await tab.sees("ben", "online")
    await tab.record_changes()

    await tab.page.evaluate("void (ahead = -400 * 24 * 3600e3)")
    await ben.context.close()

    await tab.sees("ben", "last seen just now")
    assert await _difference(tab) < 60_000
    assert [each for each in await tab.changes() if each[2]] == [], "nothing turned grey"


async def _has_said(person, words):
    return words in person.complaints


async def _difference(tab: Tab) -> float:
    """Milliseconds between the service's time as the page has it, and the server's."""
    return await tab.page.evaluate(
        f"""async () => {{
            const answer = await fetch("/healthz");
            return Math.abs({CONNECTION}.now() - Date.parse(answer.headers.get("Date")));
        }}"""
    )

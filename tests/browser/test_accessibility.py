"""Everybody can use the pages: axe-core finds nothing, statuses are told by shape and words, narrow pages fit."""

from pathlib import Path

import pytest

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
SCHEMES = ["light", "dark"]
SIZES = {"wide": {"width": 1180, "height": 900}, "phone": {"width": 360, "height": 740}}


async def _violations(page):
    session = await page.context.new_cdp_session(page)
    await session.send("Page.setBypassCSP", {"enabled": True})
    await page.evaluate(AXE)
    result = await page.evaluate("axe.run()")
    return [
        (each["id"], each["help"], [node["target"] for node in each["nodes"]])
        for each in result["violations"]
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_the_page_has_no_barrier(log_in, scheme, size):
    context = {"color_scheme": scheme, "viewport": SIZES[size], "reduced_motion": "reduce"}
    tab = await (await log_in("ana", **context)).open_tab()
    await tab.sees("ben", "")
    await tab.page.get_by_role("button", name="Enter").click()
    await tab.page.get_by_role("region", name="lobby").get_by_text("You").wait_for()

    assert await _violations(tab.page) == []
    width = await tab.page.evaluate("document.documentElement.scrollWidth")
    assert width <= SIZES[size]["width"], "nothing hangs over the edge"


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_the_login_has_no_barrier(browser, site, scheme):
    page = await browser.new_page(color_scheme=scheme)
    await page.goto(f"{site.url}/accounts/login/")

    assert await _violations(page) == []


async def test_each_status_has_a_shape_and_a_name_of_its_own(log_in):
    tab = await (await log_in("ana")).open_tab()

    shapes = await tab.page.evaluate("""() => {
        const statuses = ["online", "away", "busy", "offline", "unknown"];
        return statuses.map((status) => {
            const dot = document.createElement("presence-dot");
            dot.setAttribute("status", status);
            document.body.append(dot);
            return new Promise((done) => setTimeout(() =>
                done([dot.shadowRoot.textContent, dot.shadowRoot.querySelector("path").getAttribute("d")])));
        }).reduce(async (all, each) => [...await all, await each], []);
    }""")

    assert [words for words, _ in shapes] == ["online", "away", "busy", "offline", "unknown"]
    assert len({path for _, path in shapes}) == 5


async def test_changes_are_spoken_politely(log_in):
    ana = await (await log_in("ana")).open_tab()
    ben = await (await log_in("ben")).open_tab()
    await ana.sees("ben", "online")

    await (
        ana.page.locator("presence-list [aria-live=polite]")
        .get_by_text("ben is online")
        .wait_for(state="attached", timeout=20_000)
    )
    await ben.page.close()

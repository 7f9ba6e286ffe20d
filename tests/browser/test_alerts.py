"""Whoever wanted to be told when somebody comes is told, once, in every tab."""

from tests.browser.people import CONNECTION
from tests.browser.waiting import until

BEN = "2"


async def test_every_tab_is_told_once_that_somebody_came(log_in):
    ana = await log_in("ana")
    tabs = [await ana.open_tab() for _ in range(2)]
    for tab in tabs:
        await tab.page.evaluate(
            f"globalThis.alerts = []; void {CONNECTION}.on('alert', (alert) => alerts.push(alert))"
        )
    waiting = await tabs[0].page.evaluate(
        f"{CONNECTION}.request('POST', '/me/alerts/', {{ user: '{BEN}' }})"
    )
    assert waiting["user"] == BEN and waiting["until"]

    ben = await log_in("ben")
    first = await ben.open_tab()

    for tab in tabs:
        alerts = await until(lambda tab=tab: tab.page.evaluate("alerts"))
        assert [(each["user"], each["status"]) for each in alerts] == [(BEN, "online")]

    # Whoever goes and comes again is no news: the wish was fulfilled.
    await first.page.get_by_role("button", name="Log out").click()
    await tabs[0].sees("ben", "last seen")
    await (await log_in("ben")).open_tab()
    for tab in tabs:
        await tab.sees("ben", "online")
        assert len(await tab.page.evaluate("alerts")) == 1

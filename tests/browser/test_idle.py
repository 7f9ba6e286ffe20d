"""Whoever touches nothing for a while is away.

Playwright's own evaluations count as the person's activity for five seconds; hence the long wait.
"""

CLOCKS = {"PRESENCE_IDLE_AFTER": "6"}


async def test_whoever_touches_nothing_is_away_and_comes_back(log_in):
    ben = await (await log_in("ben")).open_tab()
    ana = await (await log_in("ana")).open_tab()
    await ben.sees("ana", "online")

    await ben.sees("ana", "away", within=45)

    await ana.page.mouse.move(200, 200)
    await ana.page.mouse.move(220, 240)
    await ben.sees("ana", "online")

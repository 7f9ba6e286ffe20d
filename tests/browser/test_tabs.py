"""One stream per browser, whatever happens to the tabs."""

from tests.browser.waiting import until


async def _leader(tabs):
    """The tab that holds the stream, as soon as there is one and no other."""

    async def only():
        leading = [tab for tab in tabs if await tab.leads()]
        return leading if len(leading) == 1 else []

    return (await until(only))[0]


async def _one_stream(tab):
    """Wait until the server sees one open stream among one's sessions, and return those that are here to stay."""

    async def only():
        sessions = [each for each in await tab.sessions() if not each["leaving"]]
        return sessions if [each["streaming"] for each in sessions].count(True) == 1 else []

    return await until(only)


async def test_three_tabs_make_one_stream_and_each_is_a_session(log_in):
    ana = await log_in("ana")
    tabs = [await ana.open_tab() for _ in range(3)]
    ben = await (await log_in("ben")).open_tab()

    for tab in tabs:
        await tab.sees("ben", "online")
        await tab.does("active")
    assert len(ana.streams) == 1
    sessions = {each["session"] for each in await _one_stream(tabs[1])}
    assert sessions == {await tab.session() for tab in tabs}
    assert await ben.person("ana").count() == 1


async def test_another_tab_takes_over_when_the_leader_is_closed(log_in):
    ana = await log_in("ana")
    tabs = [await ana.open_tab() for _ in range(3)]
    leader = await _leader(tabs)
    left = [tab for tab in tabs if tab is not leader]
    for tab in left:
        await tab.record_changes()

    await leader.page.close()

    await _leader(left)
    await _one_stream(left[0])
    assert "cursor=" in ana.streams[-1], "resumed, not begun anew"
    await (await log_in("ben")).open_tab()
    for tab in left:
        await tab.sees("ben", "online")
        blinked = [each for each in await tab.changes() if each[1] == "offline" or each[2]]
        assert blinked == []


async def test_a_frozen_leader_lets_go_and_comes_back_right(log_in):
    ana = await log_in("ana")
    tabs = [await ana.open_tab() for _ in range(2)]
    leader = await _leader(tabs)
    other = next(tab for tab in tabs if tab is not leader)

    await leader.page.evaluate("void document.dispatchEvent(new Event('freeze'))")
    await until(other.leads)
    await (await log_in("ben")).open_tab()
    await other.sees("ben", "online")

    await leader.page.evaluate("void document.dispatchEvent(new Event('resume'))")
    await leader.sees("ben", "online")
    await _one_stream(other)

"""One stream per browser, whatever happens to the tabs."""

import asyncio


async def _leader(tabs):
    leading = [tab for tab in tabs if await tab.leads()]
    assert len(leading) == 1
    return leading[0]


async def _one_stream(tab, within=6.0):
    """Wait until the server sees one open stream among one's sessions."""
    for _ in range(int(within * 5)):
        if [each["streaming"] and not each["leaving"] for each in await tab.sessions()].count(
            True
        ) == 1:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(await tab.sessions())


async def test_three_tabs_make_one_stream_and_each_is_a_session(log_in):
    ana = await log_in("ana")
    tabs = [await ana.open_tab()]
    await _one_stream(tabs[0])
    # The site is shared: tabs that an earlier test has closed may still have their lease.
    before = {each["session"] for each in await tabs[0].sessions()}
    tabs += [await ana.open_tab() for _ in range(2)]
    ben = await (await log_in("ben")).open_tab()

    for tab in tabs:
        await tab.sees("ben", "online", within=2)
    assert len(ana.streams) == 1
    await _one_stream(tabs[1])
    now = [each["session"] for each in await tabs[1].sessions() if not each["leaving"]]
    assert len([each for each in now if each not in before]) == 2
    assert await ben.person("ana").count() == 1


async def test_another_tab_takes_over_when_the_leader_is_closed(log_in):
    ana = await log_in("ana")
    tabs = [await ana.open_tab() for _ in range(3)]
    leader = await _leader(tabs)
    left = [tab for tab in tabs if tab is not leader]
    for tab in left:
        await tab.record_changes()

    await leader.page.close()
    await left[0].page.wait_for_timeout(1500)

    await _leader(left)
    await _one_stream(left[0])
    assert "cursor=" in ana.streams[-1], "resumed, not begun anew"
    for tab in left:
        blinked = [each for each in await tab.changes() if each[1] == "offline" or each[2]]
        assert blinked == []
    await (await log_in("ben")).open_tab()
    for tab in left:
        await tab.sees("ben", "online", within=2)


async def test_a_frozen_leader_lets_go_and_comes_back_right(log_in):
    ana = await log_in("ana")
    tabs = [await ana.open_tab() for _ in range(2)]
    leader = await _leader(tabs)
    other = next(tab for tab in tabs if tab is not leader)

    await leader.page.evaluate("void document.dispatchEvent(new Event('freeze'))")
    await other.page.wait_for_timeout(1500)
    assert await other.leads()
    await (await log_in("ben")).open_tab()
    await other.sees("ben", "online", within=2)

    await leader.page.evaluate("void document.dispatchEvent(new Event('resume'))")
    await leader.sees("ben", "online", within=3)
    await _one_stream(other)


async def test_a_browser_without_locks_has_a_stream_per_tab(log_in):
    ana = await log_in("ana")
    await ana.context.add_init_script(
        "Object.defineProperty(navigator, 'locks', {value: undefined})"
    )
    tabs = [await ana.open_tab() for _ in range(2)]

    assert [await tab.leads() for tab in tabs] == [True, True]
    said = "presence: no Web Locks or BroadcastChannel: one stream per tab"
    assert ana.complaints == [said, said]
    ana.complaints.clear()

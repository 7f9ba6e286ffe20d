"""A tab that the system freezes: its scripts stand still, and nobody tells it so.

A debugger that pauses the page does just that. Clocks run fast here, so what happens within seconds is what takes
minutes otherwise: leases end, the stream is cut off as silent, and what is known grows stale.
"""

from contextlib import asynccontextmanager

from tests.browser.waiting import until


@asynccontextmanager
async def _frozen(tab):
    """Hold every script of the page; the stream's socket stays open, since it is the browser's."""
    debugger = await tab.page.context.new_cdp_session(tab.page)
    paused = []
    debugger.on("Debugger.paused", lambda _: paused.append(True))
    await debugger.send("Debugger.enable")
    await debugger.send("Debugger.pause")

    async def stands_still():
        return paused

    await until(stands_still)
    yield
    await debugger.send("Debugger.resume")
    await debugger.send("Debugger.disable")


async def test_a_tab_that_was_frozen_for_minutes_comes_back_right(log_in):
    ana = await (await log_in("ana")).open_tab()
    chloe = await (await log_in("chloe")).open_tab()
    ben = await (await log_in("ben")).open_tab()
    await ana.sees("ben", "online")
    await ana.sees("chloe", "online")
    await ana.record_changes()

    async with _frozen(ana):
        await ben.page.close()
        dan = await (await log_in("dan")).open_tab()
        await dan.sees_status("ben", "offline")
        # Longer than the lease, and than the time after which a page counts what it knows as stale.
        await dan.page.wait_for_timeout(20_000)

    await ana.sees("ben", "last seen")
    await ana.sees("dan", "online")
    await ana.sees("chloe", "online")
    await chloe.sees("ana", "online")
    own, chloes = "1", "3"
    for user, status, grey in await ana.changes():
        stayed = user in (own, chloes)
        assert not stayed or (status, grey) == ("online", False), "who stayed did not seem to go"


async def test_a_leader_that_stands_still_is_replaced_and_follows_when_it_wakes(log_in):
    person = await log_in("ana")
    leader, other = await person.open_tab(), await person.open_tab()
    assert await leader.leads()

    async with _frozen(leader):
        ben = await (await log_in("ben")).open_tab()
        await until(other.leads, within=90)
        await other.sees("ben", "online")
        await ben.sees("ana", "online")

    await leader.sees("ben", "online")

    async def follows():
        return await other.leads() and not await leader.leads()

    await until(follows)
    person.complaints.clear()

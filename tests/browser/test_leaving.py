"""A page that is closed leaves, and leaving lasts.

The clocks are slow here: nobody's lease or grace can end within a test, so what is seen is the leave itself.
"""

from tests.browser.waiting import until

CLOCKS = {
    "PRESENCE_HEARTBEAT_INTERVAL": "25",
    "PRESENCE_HIDDEN_HEARTBEAT_INTERVAL": "60",
    "PRESENCE_LEASE_AFTER": "60",
    "PRESENCE_HIDDEN_LEASE_AFTER": "150",
    "PRESENCE_LEAVE_GRACE": "50",
    "PRESENCE_BEAT_GAP": "5",
}


async def test_no_heartbeat_follows_the_leave_of_a_closed_tab(log_in):
    ana = await log_in("ana")
    closing, left = await ana.open_tab(), await ana.open_tab()
    gone, session = await closing.session(), await left.session()

    async def is_known(which: str, **as_what: bool) -> bool:
        return any(
            each["session"] == which and as_what.items() <= each.items()
            for each in await left.sessions()
        )

    await until(lambda: is_known(gone, streaming=True))
    # A tab that has just beaten would keep silent anyway.
    await closing.page.wait_for_timeout(1500)
    await closing.page.close()

    # Whatever the closed tab sent was sent before the other one heard that it may lead.
    await until(lambda: is_known(session, streaming=True))
    assert await is_known(gone, leaving=True)


async def test_logging_out_is_seen_without_a_grace(log_in):
    ben = await (await log_in("ben")).open_tab()
    ana = await (await log_in("ana")).open_tab()
    await ben.sees("ana", "online")

    await ana.page.get_by_role("button", name="Log out").click()

    await ben.sees("ana", "last seen just now")
    await ana.page.wait_for_url("**/accounts/login/**")

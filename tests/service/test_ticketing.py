"""Tickets open one stream, once."""

import asyncio

import pytest

from presence import conf, wiring
from presence.live.tickets import Tickets


@pytest.fixture
async def joined(redis_url):
    parts = wiring.join(conf.settings())
    yield parts
    await parts.close()


async def test_a_ticket_stands_for_its_user_once(joined):
    issued = await joined.ticketing.issue(user="42")
    assert issued.expires_in == 60
    assert await joined.ticketing.redeem(issued.ticket) == "42"
    assert await joined.ticketing.redeem(issued.ticket) is None


async def test_of_two_who_redeem_at_once_one_gets_it(joined):
    issued = await joined.ticketing.issue(user="42")
    found = await asyncio.gather(*(joined.ticketing.redeem(issued.ticket) for _ in range(10)))
    assert sorted(found, key=str) == ["42", *[None] * 9]


@pytest.mark.parametrize("text", ["", "x", "a" * 33, "../epoch", "x" * 32])
async def test_what_was_never_issued_stands_for_nobody(joined, text):
    assert await joined.ticketing.redeem(text) is None


async def test_a_ticket_ends_by_itself(joined):
    issued = await joined.ticketing.issue(user="42")
    left = await joined.connection.redis.pttl(Tickets(joined.connection)._key(issued.ticket))
    assert 0 < left <= 60_000

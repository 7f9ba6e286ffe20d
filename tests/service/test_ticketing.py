"""Tickets open one stream, once."""

import asyncio

import pytest

from presence import conf
from presence.domain.instant import LATEST
from presence.live.tickets import Tickets
from presence.parts import join
from presence.service.verified_token import Kind, VerifiedToken

PROOF = VerifiedToken(
    user="42", issued_at=17, expires_at=LATEST, kind=Kind.SESSION, login="0123456789abcdef"
)


@pytest.fixture
async def joined(redis_url):
    parts = join(conf.settings())
    yield parts
    await parts.close()


async def test_a_ticket_stands_for_its_user_once(joined):
    issued = await joined.ticketing.issue(proof=PROOF)
    assert issued.expires_in == 60
    assert await joined.ticketing.redeem(issued.ticket) == PROOF
    assert await joined.ticketing.redeem(issued.ticket) is None


async def test_of_two_who_redeem_at_once_one_gets_it(joined):
    issued = await joined.ticketing.issue(proof=PROOF)
    found = await asyncio.gather(*(joined.ticketing.redeem(issued.ticket) for _ in range(10)))
    assert sorted(found, key=str) == [*[None] * 9, PROOF]


@pytest.mark.parametrize("text", ["", "x", "a" * 33, "../epoch", "x" * 32])
async def test_what_was_never_issued_stands_for_nobody(joined, text):
    assert await joined.ticketing.redeem(text) is None


async def test_a_ticket_ends_by_itself(joined):
    issued = await joined.ticketing.issue(proof=PROOF)
    left = await joined.connection.redis.pttl(Tickets(joined.connection)._key(issued.ticket))
    assert 0 < left <= 60_000

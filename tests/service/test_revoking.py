"""What was issued before proves nothing; what is issued later, and to others, does."""

import asyncio
import time

import pytest

from presence.domain.instant import LATEST
from presence.service.admission import RevokedError
from presence.service.revoking import login_of
from presence.service.verified_token import Kind, VerifiedToken
from tests.service.joined import until

NOW = int(time.time() * 1000)


def proof_of(user, *, at=NOW, login=""):
    return VerifiedToken(
        user=user, issued_at=at, expires_at=LATEST, kind=Kind.PRESENCE, login=login
    )


async def is_refused(parts, proof):
    admitted = parts.admission.place(proof, print)
    try:
        await parts.admission.admit(admitted)
    except RevokedError:
        return True
    finally:
        parts.admission.leave(admitted)
    return False


@pytest.mark.parametrize("is_heard", [True, False])
async def test_open_streams_end_in_every_process_even_where_the_bus_says_nothing(join, is_heard):
    here, there = join(), join(is_heard=is_heard)
    ends = []
    there.admission.place(proof_of("ana"), ends.append)
    there.admission.place(proof_of("ben"), lambda reason: ends.append("ben's"))
    there.start()
    await until(lambda: there.following.is_verified)
    await here.revoking.revoke(user="ana", at=NOW + 1)
    await until(lambda: ends)
    assert ends == ["revoked"]


async def test_what_was_issued_before_is_refused_and_what_comes_after_is_not(process):
    await process.revoking.revoke(user="ana", at=NOW)
    assert await is_refused(process, proof_of("ana", at=NOW - 1))
    assert not await is_refused(process, proof_of("ana", at=NOW))
    assert not await is_refused(process, proof_of("ben", at=NOW - 1))
    await process.revoking.revoke(user="ana", at=NOW - 1_000)  # the later one holds
    assert await is_refused(process, proof_of("ana", at=NOW - 1))


async def test_a_login_is_taken_back_alone_and_for_good(process):
    login, other = login_of("a session's key"), login_of("another's")
    assert login != other and "session" not in login
    await process.revoking.revoke(user="ana", login=login, at=NOW)
    assert await is_refused(process, proof_of("ana", login=login, at=NOW + 60_000))
    assert not await is_refused(process, proof_of("ana", login=other, at=NOW - 1))
    assert not await is_refused(process, proof_of("ana", at=NOW - 1))


async def test_what_is_taken_back_while_a_stream_opens_ends_it(process):
    ended = asyncio.Event()
    admitted = process.admission.place(proof_of("ana"), lambda reason: ended.set())
    await process.revoking.revoke(user="ana", at=NOW + 1)
    await process.admission.rejudge(["ana", "ben"])
    assert ended.is_set()
    process.admission.leave(admitted)
    process.admission.leave(admitted)


async def test_what_no_token_outlives_is_forgotten(process):
    a_day = 86_400_000
    await process.revoking.revoke(user="ana", at=NOW - a_day - 1)
    await process.revoking.revoke(user="ben", at=NOW)
    assert await process.connection.redis.zcard(process.connection.keys.revoked) == 1

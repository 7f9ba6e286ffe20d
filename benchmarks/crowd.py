"""Crowd: up to a million live users, written into the live store by its own codec.

Flow: domain.advance, live.codec -> **crowd** -> Redis.

What commit.lua would write for each (record, leases), without its log entry, in bulk: a million users by way of a
million commits would take six minutes. The first user of every crowd is loaded back through the store to make sure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from benchmarks.people import set_up

if TYPE_CHECKING:  # Django's settings must be there before it can be imported
    from presence.live.connection import Connection

SESSIONS = 2  # of each user, say a browser and a phone
_KINDS = 1_000  # different records; the rest differ by whose they are
_CHUNK = 5_000  # users in one round trip: about 1 MB
_Kind = tuple[bytes, list[tuple[str, str, int]], object]


def join(redis_url: str, users: Sequence[str], first: int = 0) -> int:
    """Bring `users` online, each with two sessions; return by how many bytes Redis grew for them.

    The first of them came at place `first`: it names their sessions. The bytes are what Redis says it uses: keys,
    records, leases, and what its allocator rounds up.
    """
    set_up()
    return asyncio.run(_join(redis_url, users, first))


def session_of(place: int, which: int = 0) -> str:
    """Return the name of a session of the user who came at `place`: a UUID, as scripts make them."""
    return str(UUID(int=(place % _KINDS) << 64 | 1 << 100 | which))


async def _join(redis_url: str, users: Sequence[str], first: int) -> int:
    from presence.domain.policy import Policy
    from presence.live.connection import Connection
    from presence.live.epoch import Epoch
    from presence.live.keys import Keys
    from presence.live.records import Records

    connection = Connection(redis_url, Keys.of("presence", 64))
    await Epoch(connection).ensure()
    try:
        before = int((await connection.redis.info("memory"))["used_memory"])
        now = await _now(connection)
        kinds = [_record(place, now) for place in range(_KINDS)]
        for start in range(0, len(users), _CHUNK):
            await _write(connection, first + start, users[start : start + _CHUNK], kinds)
        (loaded,) = await Records(connection, Policy(), log_length=100_000).load(users[:1])
        if (
            len(loaded.record.sessions) != SESSIONS
            or loaded.record.face != kinds[first % _KINDS][2]
        ):
            raise AssertionError(f"not what the store reads: {loaded}")
        return int((await connection.redis.info("memory"))["used_memory"]) - before
    finally:
        await connection.close()


async def _now(connection: Connection) -> int:
    seconds, micros = await connection.redis.time()
    return int(seconds) * 1000 + int(micros) // 1000


def _record(place: int, now: int) -> _Kind:
    """Return the bytes of a record, its leases as (session, mark, deadline), and its face."""
    from presence.domain.policy import Policy
    from presence.domain.record import Record
    from presence.domain.signals import Heartbeat
    from presence.domain.status import Activity, Device, Status
    from presence.domain.transitions import advance
    from presence.live.codec import pack_record
    from presence.live.keys import STATUS_LETTER, mark_of

    record = Record(user="nobody")
    for which, device in zip(range(SESSIONS), (Device.WEB, Device.MOBILE), strict=True):
        signal = Heartbeat(
            session=session_of(place, which), activity=Activity.ACTIVE, device=device
        )
        record = advance(record, signal, now, Policy()).record
    assert record.face.status is Status.ONLINE
    stamp = f"{STATUS_LETTER[record.face.status]} {100_000 + place} 0 {now} {now} 0\n"
    leases = [(each.id, mark_of(each), each.beat_until or now) for each in record.sessions.values()]
    return stamp.encode() + pack_record(record), leases, record.face


async def _write(
    connection: Connection, first: int, users: Sequence[str], kinds: Sequence[_Kind]
) -> None:
    from presence.live.keys import member

    keys = connection.keys
    records: dict[str, bytes] = {}
    leases: dict[int, dict[str, int]] = {}
    for place, user in enumerate(users, first):
        raw, sessions, _ = kinds[place % _KINDS]
        records[keys.record(user)] = raw
        of_shard = leases.setdefault(keys.shard(user), {})
        for session, mark, until in sessions:
            of_shard[member(user, session, mark)] = until
    async with connection.redis.pipeline(transaction=False) as pipe:
        pipe.mset(records)
        for shard, members in leases.items():
            pipe.zadd(keys.leases(shard), members)
        await pipe.execute()

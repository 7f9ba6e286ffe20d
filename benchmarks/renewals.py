"""Renewals: what it costs to keep alive the sessions of open streams.

Flow: leases.extend, as the process that owns the streams calls it -> **renewals** -> results.
"""

import asyncio
import time
from datetime import timedelta

from benchmarks import machine
from benchmarks.asked import Asked, Tables
from benchmarks.numbers import Figure, figure
from benchmarks.people import set_up
from benchmarks.service import Service

SESSIONS = 50_000


def tables(asked: Asked) -> Tables:
    """Return what it costs to keep a session alive, as a table."""
    own, stored = measure(runs=asked.runs)
    return {
        "renewals": [
            {
                "one renewal of an attached session": f"{SESSIONS:,} sessions",
                "web CPU, µs": str(own),
                "live store CPU, µs": str(stored),
            }
        ]
    }


def measure(*, runs: int) -> tuple[Figure, Figure]:
    """Return the processor microseconds for each renewal: of the process that renews, and of the store."""
    with Service() as service:
        set_up()
        return asyncio.run(_measure(service, runs))


async def _measure(service: Service, runs: int) -> tuple[Figure, Figure]:
    from presence.live.connection import Connection
    from presence.live.keys import STREAM_MARK, Keys, member
    from presence.live.leases import Leases

    keys = Keys("renewals", 64)
    connection = Connection(service.redis_url, keys)
    leases = Leases(connection, hold_after=timedelta(seconds=5), hold=timedelta(seconds=60))
    attached: dict[int, list[str]] = {}
    for number in range(SESSIONS):
        user = f"u{number}"
        attached.setdefault(keys.shard(user), []).append(member(user, "s1", STREAM_MARK))
    for shard, members in attached.items():
        await connection.redis.zadd(keys.leases(shard), dict.fromkeys(members, 1))
    own, stored = [], []
    for _ in range(runs):
        before, store = time.process_time(), machine.cpu(service.store_pids)
        assert not await leases.extend(attached, lease=60_000)
        own.append((time.process_time() - before) / SESSIONS * 1e6)
        stored.append((machine.cpu(service.store_pids) - store) / SESSIONS * 1e6)
    await connection.close()
    return figure(own), figure(stored)

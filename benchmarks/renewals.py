"""Renewals: what it costs to keep alive the sessions of open streams.

Flow: leases.renew, as the process that owns the streams calls it -> **renewals** -> results.
"""

import asyncio
import os
import time
from datetime import timedelta

from benchmarks import machine
from benchmarks.numbers import Figure, figure
from benchmarks.service import Service, set_up

SESSIONS = 50_000
_CHUNK = 1_000  # as in presence.service.attachments


def measure(*, runs: int) -> tuple[Figure, Figure]:
    """Return the processor microseconds for each renewal: of the process that renews, and of the store."""
    with Service() as service:
        set_up()
        return asyncio.run(_measure(service, runs))


async def _measure(service: Service, runs: int) -> tuple[Figure, Figure]:
    from presence.live.connection import Connection
    from presence.live.keys import STREAM_MARK, Keys, member
    from presence.live.leases import Leases, Renewal

    keys = Keys("renewals", 64)
    connection = Connection(service.redis_url, keys)
    leases = Leases(connection, hold_after=timedelta(seconds=5), hold=timedelta(seconds=60))
    attached = [
        Renewal(
            keys.shard(f"u{number}"),
            member(f"u{number}", "s1", STREAM_MARK),
            60_000,
            keys.record(f"u{number}"),
        )
        for number in range(SESSIONS)
    ]
    for renewal in attached:
        await connection.redis.zadd(keys.leases(renewal.shard), {renewal.member: 1})
        await connection.redis.set(renewal.record, b"n")
    own, stored = [], []
    for _ in range(runs):
        before, store = time.process_time(), machine.cpu(service.store_pids)
        for start in range(0, SESSIONS, _CHUNK):
            await leases.renew(attached[start : start + _CHUNK])
        own.append((time.process_time() - before) / SESSIONS * 1e6)
        stored.append((machine.cpu(service.store_pids) - store) / SESSIONS * 1e6)
    await connection.close()
    return figure(own), figure(stored)


if __name__ == "__main__":
    machine.keep_to_other_core()
    print(os.getpid(), *measure(runs=5))

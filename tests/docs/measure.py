"""`python -m tests.docs.measure`: the bytes that docs/capacity.md reckons with, measured on the embedded servers.

Flow: people with one session each -> Redis memory, cost of renewals; their changes -> size of the tables.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

PEOPLE = 50_000
STREAMS = 2_000
CHANGES = 10_000
BATCH = 1_000


def main() -> None:
    """Start the servers, measure, print."""
    from presence_project.embedded.folder import ServerFolder
    from presence_project.embedded.servers import EmbeddedServers

    folder = ServerFolder.temporary()
    try:
        with EmbeddedServers(folder, {}) as servers:
            os.environ |= servers.urls
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "presence_project.settings",
                "DJANGO_MODE": "development",
                "PRESENCE_LOG_LENGTH": "1000000",
            }
            import django

            django.setup()
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
            asyncio.run(_measure())
            _streams()
    finally:
        folder.remove()


async def _measure() -> None:
    from presence import wiring
    from presence.domain.signals import Heartbeat, SignOut, StreamOpened
    from presence.domain.status import Activity, Device
    from presence.live.keys import beat_mark, member
    from presence.live.leases import Renewal

    joined = wiring.parts()
    await joined.epoch.ensure()
    redis, keys = joined.connection.redis, joined.connection.keys
    people = [str(1_000_000 + number) for number in range(PEOPLE)]
    session = "3f0c2a9e-5b1d-4c7a-9e51-7d0c8a6b2f14"  # a UUID, as scripts make them

    async def used() -> int:
        await redis.config_set("activedefrag", "no")
        return int((await redis.info("memory"))["used_memory"])

    async def apply(signal_of: Callable[[str], Any]) -> None:
        for start in range(0, PEOPLE, BATCH):
            chunk = people[start : start + BATCH]
            await joined.applier.apply_each({user: signal_of(user) for user in chunk})

    async def logs() -> int:
        sizes = [
            await redis.memory_usage(keys.log(shard), samples=0) for shard in range(keys.shards)
        ]
        return sum(size or 0 for size in sizes)

    empty = await used()
    await apply(lambda _: Heartbeat(session=session, activity=Activity.ACTIVE))
    online, log = await used(), await logs()
    _say("Redis, a user online with one session", (online - empty - log) / PEOPLE, "bytes")
    _say("Redis, a change in the log", log / PEOPLE, "bytes")
    await apply(lambda user: StreamOpened(session=session, stream=f"{int(user):032x}"))
    _say(
        "Redis, more for an open stream",
        (await used() - online - await logs() + log) / PEOPLE,
        "bytes",
    )

    mark = beat_mark(Activity.ACTIVE, Device.WEB, ())
    renewals = [
        Renewal(keys.shard(user), member(user, session, mark), 60_000, keys.record(user))
        for user in people
    ]
    await asyncio.sleep(0.01)
    await redis.config_resetstat()
    for start in range(0, PEOPLE, 100):
        await joined.leases.renew(renewals[start : start + 100])
    stats = (await redis.info("commandstats"))["cmdstat_evalsha"]
    _say("Redis, a renewal in a batch of 100", stats["usec"] / PEOPLE, "µs")

    await _hearing(joined)
    await apply(lambda _: SignOut(session=session))
    await _drain(joined.recorder.record)
    await asyncio.to_thread(_tables)
    await wiring.stop()


async def _hearing(joined: Any) -> None:
    """Changes that another process publishes, and nobody here watches: each alone, and as fast as it can."""
    joined.start()
    await asyncio.sleep(2)
    began, since = time.process_time(), time.monotonic()
    await asyncio.sleep(5)
    idle = (time.process_time() - began) / (time.monotonic() - since)
    _say("Web process, doing nothing", idle * 1e3, "ms/s")
    alone = await _heard(idle, together=1, pause="0")
    _say("Web process, hearing a message with one change", alone, "µs")
    flood = await _heard(idle, together=20, pause="0.025")
    _say("Web process, hearing a change that shares its message", flood, "µs")


async def _heard(idle: float, *, together: int, pause: str) -> float:
    """Return the microseconds that each of `CHANGES` changes costs, `idle` of the time taken off."""
    began, since = time.process_time(), time.monotonic()
    publisher = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.docs.measure", "publish", str(together)),
        env=os.environ | {"PRESENCE_PUBLISH_INTERVAL": pause},
    )
    await publisher.wait()
    await asyncio.sleep(1)
    spent = time.process_time() - began - idle * (time.monotonic() - since)
    return spent / CHANGES * 1e6


async def _publish(together: int) -> None:
    from presence import wiring
    from presence.domain.signals import Heartbeat
    from presence.domain.status import Activity

    joined = wiring.parts()
    await joined.epoch.ensure()
    signal = Heartbeat(session=f"s{together}", activity=Activity.ACTIVE)
    first = 5_000_000 * together  # people who are online already would change nothing
    for start in range(first, first + CHANGES, together):
        await asyncio.gather(
            *(
                joined.applier.apply(user=str(user), signal=signal)
                for user in range(start, start + together)
            )
        )
    await wiring.stop()


async def _drain(record: Callable[[], Awaitable[int]]) -> None:
    while await record():
        pass


def _tables() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
            " WHERE inhparent = 'presence_transition'::regclass"
        )
        (size,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM presence_transition")
        (rows,) = cursor.fetchone()
        _say(f"Postgres, a transition with its indexes ({rows:,} rows)", int(size) / rows, "bytes")
        cursor.execute("SELECT pg_total_relation_size('presence_last_seen')")
        (size,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM presence_last_seen")
        (rows,) = cursor.fetchone()
        _say("Postgres, a row of last-seen with its index", size / rows, "bytes")


def _streams() -> None:
    """Open streams of one web process, each watching 20 people."""
    from presence.service.tokens import issue_presence_token
    from tests.servers import ROOT, free_port

    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    sockets: list[socket.socket] = []
    try:
        assert server.stdout is not None
        server.stdout.readline()

        def resident() -> int:
            pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[1])
            return pages * os.sysconf("SC_PAGE_SIZE")

        def open_one(number: int) -> None:
            token = issue_presence_token(user=f"v{number}").token
            users = ",".join(str(1_000_000 + (7 * number + each) % PEOPLE) for each in range(20))
            connection = socket.create_connection(("127.0.0.1", port), timeout=30)
            connection.sendall(
                f"GET /presence/stream?users={users} HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {token}\r\n\r\n".encode()
            )
            answer = b""
            while b"snapshot" not in answer:
                answer += connection.recv(65_536)
            sockets.append(connection)

        for number in range(STREAMS // 4):
            open_one(number)
        before = resident()
        for number in range(STREAMS // 4, STREAMS):
            open_one(number)
        grown = (resident() - before) / (STREAMS - STREAMS // 4)
        _say("Web process, a stream that watches 20 people", grown / 1024, "KiB")
    finally:
        for connection in sockets:
            connection.close()
        server.terminate()
        server.communicate(timeout=60)


def _say(what: str, number: float, unit: str) -> None:
    sys.stdout.write(f"{what:60} {number:8,.1f} {unit}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["publish"]:
        import django

        django.setup()
        asyncio.run(_publish(int(sys.argv[2])))
    else:
        main()

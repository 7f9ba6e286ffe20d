"""Sizes: the bytes and microseconds that docs/capacity.md reckons with, of one of everything.

Flow: people come online, open streams, are written into history -> **sizes** -> results.
"""

import sys
import time
from collections.abc import Sequence
from typing import Any

from redis import Redis

from benchmarks import crowd, machine, posts
from benchmarks.asked import Asked, Rows, Tables
from benchmarks.fan_out import MARK
from benchmarks.people import heartbeat, make_people, rows_of, token_of
from benchmarks.service import Service
from benchmarks.streams import TOGETHER, Streams, request

PEOPLE = 10_000
STREAMS = 2_000
_WATCHED = 20
_PATIENCE = 60.0  # seconds for the worker to write all changes


def tables(asked: Asked) -> Tables:
    """Return the sizes as a table: bytes do not vary, so once is enough."""
    return {"sizes": measure(people=asked.scaled(PEOPLE), streams=asked.scaled(STREAMS))}


def measure(*, people: int, streams: int) -> Rows:
    """Return each size with its unit."""
    found: dict[str, str] = {}
    with Service(second=True) as service:
        users = make_people(people)
        _come_online(service, users, found)
        _open_streams(service, users, streams, found)
        _write_history(service, people, found)
    return [{"what": what, "": value} for what, value in found.items()]


def _come_online(service: Service, users: Sequence[str], found: dict[str, str]) -> None:
    """Everybody says that they are there, by way of the second process; the first hears of it."""
    beats = [heartbeat(user, session=crowd.session_of(at)) for at, user in enumerate(users)]
    time.sleep(2)
    idle = _idle(service)
    used, log = _memory(service)
    # One by one, so slowly that each has a message of its own; then as fast as the process takes them.
    slowly = len(users) // 20
    alone, _ = _heard(service, beats[:slowly], idle, connections=1, rate=25.0)
    shared, messages = _heard(service, beats[slowly:], idle, connections=32)
    of_message = messages / len(beats[slowly:])
    more, longer = _memory(service)
    person = (more - used - longer + log) / len(users)
    found["Redis: a user online with one session"] = _bytes(person)
    found["Redis: a change in the log"] = _bytes((longer - log) / len(users))
    found["a web process: doing nothing"] = f"{idle * 1e3:.1f} ms a second"
    found["a web process: hearing a message with one change, that nobody watches there"] = (
        f"{alone * 1e6:.0f} µs"
    )
    found[f"a web process: hearing a change when {1 / of_message:.0f} share a message"] = (
        f"{shared * 1e6:.0f} µs"
    )


def _heard(
    service: Service,
    beats: Sequence[bytes],
    idle: float,
    *,
    connections: int,
    rate: float | None = None,
) -> tuple[float, int]:
    """Return the processor seconds for each change that the first process hears, and how many messages brought them."""
    spent, began_at, sent = machine.cpu(service.pids), time.perf_counter(), _published(service)
    posts.post_each(beats, port=service.second_port, connections=connections, rate=rate)
    time.sleep(1)
    lasted = time.perf_counter() - began_at
    cost = (machine.cpu(service.pids) - spent - idle * lasted) / len(beats)
    return cost, _published(service) - sent


def _published(service: Service) -> int:
    """Return how many messages the channel layer has sent so far."""
    with Redis.from_url(service.redis_url) as redis:
        stats: Any = redis.info("commandstats")
        return int(stats.get("cmdstat_publish", {}).get("calls", 0))


def _open_streams(
    service: Service, users: Sequence[str], streams: int, found: dict[str, str]
) -> None:
    """Some of them open the streams that keep their sessions alive, each watching 20 others."""
    service.renew()
    requests = [
        request(
            f"/presence/stream?session={crowd.session_of(at)}&users="
            + ",".join(users[(7 * at + each) % len(users)] for each in range(_WATCHED)),
            {"Authorization": f"Bearer {token_of(users[at])}"},
        )
        for at in range(streams)
    ]
    # What a process needs once is not counted for each stream.
    warming = min(max(TOGETHER, streams // 20), streams // 2)
    with Streams(requests[:warming], port=service.port, mark=MARK) as some:
        some.settle()
        used, log = _memory(service)
        held = machine.memory(service.pids)
        with Streams(requests[warming:], port=service.port, mark=MARK) as others:
            others.settle()
            more, longer = _memory(service)
            found["Redis: more, for the stream that keeps the session alive"] = _bytes(
                (more - used - longer + log) / len(others)
            )
            found["a web process: a stream that watches 20 people"] = (
                f"{(machine.memory(service.pids) - held) / len(others) / 1024:.1f} KiB"
            )


def _write_history(service: Service, people: int, found: dict[str, str]) -> None:
    """A worker writes all of it."""
    worker = machine.start(
        [sys.executable, "manage.py", "worker"],
        core=machine.SERVER_CORE,
        env=service.deployed,
        log=machine.LOCAL / "logs" / "worker.log",
    )
    try:
        counts = [(0.0, 0)]
        give_up_at = time.perf_counter() + _PATIENCE
        while time.perf_counter() < give_up_at:
            ((count,),) = rows_of("SELECT count(*) FROM presence_transition")
            if count != counts[-1][1]:
                counts.append((time.perf_counter(), count))
            if count >= people:
                break  # what follows is at the pace of leases that run out
            time.sleep(0.01)
        # From the first batch on: the worker's start is not its pace.
        (first_at, first), (last_at, last) = counts[1], counts[-1]
        found["a worker: changes written a second"] = (
            f"{(last - first) / (last_at - first_at):,.0f}"
        )
    finally:
        machine.end(worker)
    ((transitions, count, seen, users),) = rows_of(
        "SELECT (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
        " WHERE inhparent = 'presence_transition'::regclass),"
        " (SELECT count(*) FROM presence_transition),"
        " pg_total_relation_size('presence_last_seen'),"
        " (SELECT count(*) FROM presence_last_seen)"
    )
    found["Postgres: a transition, indexes included"] = _bytes(float(transitions) / count)
    found["Postgres: a row of last-seen, index included"] = _bytes(seen / users)


def _idle(service: Service) -> float:
    """Return the processor seconds that the first process takes a second when nothing happens."""
    spent = machine.cpu(service.pids)
    time.sleep(2)
    return (machine.cpu(service.pids) - spent) / 2


def _memory(service: Service) -> tuple[int, int]:
    """Return the bytes that Redis uses, and those of the logs among them."""
    with Redis.from_url(service.redis_url) as redis:
        info: Any = redis.info("memory")
        names = redis.scan_iter("presence:*:log", count=10_000)
        logs = sum(int(redis.memory_usage(name, samples=0) or 0) for name in names)
        return int(info["used_memory"]), logs


def _bytes(number: float) -> str:
    return f"{number:.0f} bytes"

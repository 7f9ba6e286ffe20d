"""Storm: everybody comes back at once, as after a deployment, to a process that knows nobody yet.

Flow: service, its process new for each run -> **storm** -> results.

Each stream asks for its viewer's 200 contacts, who are accounts and rows in Postgres and records in Redis. Twice: by
clients who know nothing and get the whole snapshot; and by clients who say what they saw last (`Last-Event-ID`) and
whose sessions their streams keep alive, as the browser's script does after a deployment.
"""

import socket
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks import crowd, machine
from benchmarks.asked import Asked, Tables
from benchmarks.numbers import Figure, figure, percentile
from benchmarks.people import befriend, heartbeat, make_people, token_of
from benchmarks.returning import Return, Returning
from benchmarks.service import Service
from benchmarks.streams import request

CONTACTS = 200
STREAMS = 10_000
_A_SECOND = 500  # 10,000 within 20 s
_BEATS = 50  # sessions that go on beating, over connections that are open already


@dataclass(frozen=True, slots=True)
class Cost:
    """What coming back cost.

    connect: processor microseconds of the web process for each stream, its snapshot included (and the heartbeats'
    beside, which are half a per cent); lasted: seconds until the last had its snapshot; late: p99 of ms until a
    stream has its snapshot; beats: p99 of ms of a heartbeat meanwhile; errors: of all runs.
    """

    name: str
    streams: int
    connect: Figure
    lasted: Figure
    late: Figure
    beats: Figure
    errors: int


def tables(asked: Asked) -> Tables:
    """Return what coming back costs, as a table."""
    return {
        "storm": [
            {
                f"{each.streams:,} streams within {_within(each.streams):g} s, {CONTACTS} contacts each": each.name,
                "web CPU per connect, µs": str(each.connect),
                "all back after, s": str(each.lasted),
                "p99 of a snapshot, ms": str(each.late),
                "p99 of a heartbeat meanwhile, ms": str(each.beats),
                "errors": f"{each.errors:,}",
            }
            for each in measure(runs=asked.runs, streams=asked.scaled(STREAMS))
        ]
    }


def measure(*, runs: int, streams: int) -> list[Cost]:
    """Return the cost of a first visit, and of coming back."""
    with prepared(machine.most_streams(streams)) as (service, tokens, beats):
        seen = cursor(service, tokens[0])
        costs = []
        for name, last in (("first visit", ""), ("coming back", seen)):
            requests = [stream(token, at, last) for at, token in enumerate(tokens)]
            found = [_once(service, requests, beats) for _ in range(runs)]
            costs.append(_cost(name, len(tokens), found))
        return costs


@contextmanager
def prepared(streams: int) -> Iterator[tuple[Service, list[str], list[bytes]]]:
    """Give a service with as many people, who know each other and are online, their tokens, and some heartbeats."""
    with Service() as service:
        people = make_people(streams)
        befriend(people, CONTACTS)
        crowd.join(service.redis_url, people)
        tokens = [token_of(user) for user in people]
        beats = [
            heartbeat(user, session=crowd.session_of(at)) for at, user in enumerate(people[:_BEATS])
        ]
        yield service, tokens, beats


def stream(token: str, at: int, cursor: str) -> bytes:
    """Return what the person at place `at` asks for; with `cursor` as one who comes back."""
    path, headers = "/presence/stream?contacts=1", {"Authorization": f"Bearer {token}"}
    if cursor:
        path += f"&session={crowd.session_of(at)}"
        headers["Last-Event-ID"] = cursor
    return request(path, headers)


def cursor(service: Service, token: str) -> str:
    """Return where a stream stands that is opened now."""
    found = b""
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as one:
        one.sendall(stream(token, 0, ""))
        while b"\nid: " not in found or not found.endswith(b"\n\n\r\n"):
            found += one.recv(65_536)
    return found.partition(b"\nid: ")[2].partition(b"\n")[0].decode()


def _once(
    service: Service, requests: Sequence[bytes], beats: Sequence[bytes]
) -> tuple[float, Return]:
    """Let everybody come to a new process; return the processor microseconds for each, and what became of them."""
    service.renew()
    spent = machine.cpu(service.pids)
    with Returning(service.port, requests, beats) as returning:
        found = returning.run(within=_within(len(requests)), patience=20)
        for error, count in Counter(each[:200] for each in found.errors).most_common(3):
            print(f"{count} times: {error!r}", file=sys.stderr)
        return (machine.cpu(service.pids) - spent) / len(requests) * 1e6, found


def _within(streams: int) -> float:
    return streams / _A_SECOND


def _cost(name: str, streams: int, found: list[tuple[float, Return]]) -> Cost:
    return Cost(
        name,
        streams,
        figure([cost for cost, _ in found]),
        figure([each.lasted for _, each in found]),
        figure([percentile(each.opened, 0.99) for _, each in found]),
        figure([percentile(each.beats, 0.99) for _, each in found]),
        sum(len(each.errors) for _, each in found),
    )

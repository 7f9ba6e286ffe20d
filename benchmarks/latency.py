"""Latency: from a heartbeat to one web process until the event on a stream of another.

Flow: heartbeat -> process 2 -> live store, channel layer -> process 1 -> stream -> **latency** -> results.

Twice: when nothing else happens, and when process 1, which owns the streams, is kept half busy by heartbeats.
"""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks import machine, posts
from benchmarks.asked import Asked, Tables
from benchmarks.changes import Changes
from benchmarks.numbers import Figure, figure, percentile
from benchmarks.people import heartbeat, make_people, token_of
from benchmarks.service import Service
from benchmarks.streams import Streams, request

IDLE_STREAMS = 1_000
_CHANGES = 80  # in each run
# Four streams, each of which watches one of four users, take turns: so each change is a lone one (the flush interval is
# 0.25 s), and a run takes a quarter of the time.
_TURNS = 4
_PAUSE = 0.08  # seconds between changes
_BEATING = 3_000  # sessions
_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Delay:
    """Ms from heartbeat to event; `busy`: how much of its core process 1 used meanwhile, in per cent."""

    name: str
    middle: Figure
    late: Figure
    busy: Figure


def tables(asked: Asked) -> Tables:
    """Return how long a change takes from one process to a stream of another, as a table."""
    return {
        "latency": [
            {
                "heartbeat to event, two processes": each.name,
                "p50, ms": str(each.middle),
                "p99, ms": str(each.late),
                "core of the streams' process, % busy": str(each.busy),
            }
            for each in measure(runs=asked.runs, idle_streams=asked.scaled(IDLE_STREAMS))
        ]
    }


def measure(*, runs: int, idle_streams: int) -> list[Delay]:
    """Return the delays without and with load, with other streams open beside."""
    with Service(second=True, env={"PRESENCE_BEAT_GAP": "0"}) as service:
        *topics, other = make_people(_TURNS + 1)
        beats = [heartbeat(f"u{number}") for number in range(_BEATING)]
        posts.post_each(beats, port=service.port, connections=16)
        changes = [
            (user, heartbeat(user, activity=each)) for each in ("idle", "active") for user in topics
        ]
        posts.post_each(
            [body for _, body in reversed(changes)], port=service.second_port, connections=1
        )
        requests = [_request(user, f"w{user}") for user in topics]
        requests += [_request(other, f"v{number}") for number in range(idle_streams)]
        with Streams(requests, port=service.port, mark=b'"users"') as streams:
            streams.settle()
            half = _half(service, beats)
            quiet, busy = [], []
            for _ in range(runs):
                quiet.append(_once(service, streams, changes))
                with _beating(service.port, beats, half):
                    busy.append(_once(service, streams, changes))
    name = f"{idle_streams:,} other streams open"
    return [
        _delay(f"{name}, nothing else", quiet),
        _delay(f"{name}, {half:,.0f} heartbeats/s besides", busy),
    ]


def _request(user: str, viewer: str) -> bytes:
    return request(
        f"/presence/stream?users={user}", {"Authorization": f"Bearer {token_of(viewer)}"}
    )


def _half(service: Service, beats: Sequence[bytes]) -> float:
    """Return how many heartbeats a second take half of the process's core."""
    load = {"port": service.port, "requests": beats, "connections": _CONNECTIONS}
    posts.post_for(0.3, **load)  # type: ignore[arg-type]
    spent = machine.cpu(service.pids)
    answered = len(posts.post_for(1.0, **load))  # type: ignore[arg-type]
    return answered / (machine.cpu(service.pids) - spent) / 2


@contextmanager
def _beating(port: int, beats: Sequence[bytes], rate: float) -> Iterator[None]:
    """Send `rate` heartbeats a second meanwhile, from a process of its own."""
    process = multiprocessing.get_context("fork").Process(
        target=posts.post_for,
        args=(60.0,),
        kwargs={"port": port, "requests": beats, "connections": _CONNECTIONS, "rate": rate},
        daemon=True,
    )
    process.start()
    time.sleep(0.5)
    try:
        yield
    finally:
        process.kill()
        process.join()


def _once(
    service: Service, streams: Streams, requests: Sequence[tuple[str, bytes]]
) -> tuple[list[float], float]:
    with Changes(service.second_port, requests) as changes:
        for place in range(_TURNS):
            streams.listen(place, changes.heard)
        spent, began_at = machine.cpu(service.pids), time.perf_counter()
        for number in range(_CHANGES):
            while time.perf_counter() < began_at + number * _PAUSE:
                streams.read(0.001)
            changes.send()
        streams.read_for(1.0)
        busy = (machine.cpu(service.pids) - spent) / (time.perf_counter() - began_at) * 100
        return changes.latencies, busy


def _delay(name: str, runs: Sequence[tuple[list[float], float]]) -> Delay:
    return Delay(
        name,
        figure([percentile(taken, 0.5) for taken, _ in runs]),
        figure([percentile(taken, 0.99) for taken, _ in runs]),
        figure([busy for _, busy in runs]),
    )

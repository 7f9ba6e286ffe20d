"""Fan-out: what handing one event to one stream costs the server, when all streams watch the same topic.

Flow: service, peers -> **fan_out** -> results.

The service takes its changes as in earnest: another web process publishes them through the channel layer. Once its
coalescing is switched off (FLUSH_INTERVAL=0), so that every stream is written every event, as with the peers; once
it is as installed. Each of its streams watches 49 others besides. Every server is new for each run, and has opened
and closed a few streams before its memory is looked at: what a process needs once is not counted for each stream.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import machine, posts
from benchmarks.asked import Asked, Rows, Tables
from benchmarks.numbers import Figure, figure
from benchmarks.peers.starting import PeerServer, stream_peers
from benchmarks.people import heartbeat, make_people, token_of
from benchmarks.publisher import Publisher
from benchmarks.service import Service
from benchmarks.streams import TOGETHER, Streams, request

STREAMS = 1_000
MANY = 10_000
_PACE = 0.05  # seconds between events where all are driven alike
_AHEAD = 6  # events on their way: enough that no server waits for its publisher
_WATCHED = 50  # users that each stream of ours watches, the topic one of them
_PEOPLE = 1_000
_WARMING = 20  # streams opened and closed before anything is measured
# With 10,000 streams the slowest take seconds for one event, so fewer are on their way and the rest is left out.
_LARGE_PEERS = (
    "bare C epoll",
    "Nchan (nginx)",
    "node http",
    "bare uvloop",
    "django-eventstream, uvicorn",
    "naive consumer, daphne",
)
MARK = b'"users"'
# As many bytes as the service's own event has.
EVENT = (
    b'{"users":[{"user":"topic","status":"online","since":"2026-01-01T00:00:00.000Z",'
    b'"last_seen":"2026-01-01T00:00:00.000Z","devices":["web"],"message":null,"version":12345}]}'
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run found; None where it was not looked at.

    server: processor microseconds for each delivered event, the server driven as fast as it goes; rate: deliveries a
    second meanwhile; paced: microseconds for each event and stream at 20 events a second, the same for all; memory: KiB
    for each stream; connect: processor microseconds for opening one.
    """

    server: float | None
    rate: float | None
    paced: float | None
    memory: float
    connect: float


@dataclass(frozen=True, slots=True)
class Target:
    """A server that is measured: its processes, where its streams and its publisher go."""

    pids: list[int]
    port: int
    requests: Sequence[bytes]
    publisher: Callable[[], Publisher]


def tables(asked: Asked) -> Tables:
    """Return what a delivered event, an open stream and a connect cost, as a table."""
    found = measure(
        runs=asked.runs, seconds=asked.seconds, streams=asked.scaled(STREAMS), ahead=_AHEAD
    )
    return {"fan-out": _rows(found, asked.scaled(STREAMS))}


def large_tables(asked: Asked) -> Tables:
    """Return the same with ten times as many streams."""
    streams = machine.most_streams(asked.scaled(MANY))
    found = measure(
        runs=asked.runs, seconds=asked.seconds, streams=streams, ahead=1, peers=_LARGE_PEERS
    )
    return {"fan-out-10000": _rows(found, streams)}


def _rows(found: dict[str, list[Cost]], streams: int) -> Rows:
    own = _figure(found["presence"], "server")
    assert own is not None
    rows = []
    for name, costs in found.items():
        server = _figure(costs, "server")
        paced = _figure(costs, "paced")
        row = {
            f"{streams:,} streams, one topic": name,
            "server CPU per delivered event, µs": str(server or ""),
            "of ours": f"{server.middle / own.middle:.2f}" if server else "",
            "deliveries/s": str(_figure(costs, "rate") or ""),
            "CPU at 20 events/s, µs": str(paced or ""),
            "memory per stream, KiB": str(_figure(costs, "memory")),
            "CPU per connect, µs": str(_figure(costs, "connect")),
        }
        rows.append(row)
    if not any(row["CPU at 20 events/s, µs"] for row in rows):
        for row in rows:
            del row["CPU at 20 events/s, µs"]
    return rows


def _figure(costs: Sequence[Cost], name: str) -> Figure | None:
    values = [value for each in costs if (value := getattr(each, name)) is not None]
    return figure(values) if values else None


def measure(
    *, runs: int, seconds: float, streams: int, ahead: int, peers: Sequence[str] | None = None
) -> dict[str, list[Cost]]:
    """Return what each run found of each server, the service's own first; they are taken in turn within each run.

    `peers`: only these, and what takes too long with so many streams is left out.
    """
    found: dict[str, list[Cost]] = {}
    is_large = peers is not None
    # Changes that come faster than one in 25 ms would share messages, and then streams share events.
    with Service(second=True, env={"PRESENCE_PUBLISH_INTERVAL": "0"}) as service:
        topic, *others = make_people(_PEOPLE)
        requests = [_request(topic, others, number) for number in range(streams + _WARMING)]
        changes = [heartbeat(topic, activity=each) for each in ("active", "idle")]
        posts.post_each(changes, port=service.second_port, connections=1)
        plain = posts.request("/pub", body=EVENT)
        chosen = [each for each in stream_peers() if peers is None or each.name in peers]
        for _ in range(runs):
            for name, flush in (("presence", "0"), ("presence, as installed", None)):
                if is_large and flush is None:
                    continue
                service.renew({} if flush is None else {"PRESENCE_FLUSH_INTERVAL": flush})
                own = Target(
                    service.pids,
                    service.port,
                    requests,
                    lambda: Publisher(service.second_port, *changes),
                )
                found.setdefault(name, []).append(
                    _cost(own, seconds, ahead if flush else None, is_paced=not is_large)
                )
            for peer in chosen:
                server = PeerServer(peer, env={"REDIS_URL": service.redis_url})
                try:
                    other = Target(
                        server.pids,
                        peer.port,
                        [request(peer.path)] * len(requests),
                        lambda port=peer.port: Publisher(port, plain),  # type: ignore[misc]
                    )
                    found.setdefault(peer.name, []).append(
                        _cost(other, seconds, ahead, is_paced=not is_large)
                    )
                finally:
                    server.end()
    return found


def _request(topic: str, others: Sequence[str], number: int) -> bytes:
    watched = [topic, *(others[(number * 7 + each) % len(others)] for each in range(_WATCHED - 1))]
    path = f"/presence/stream?users={','.join(watched)}"
    return request(path, {"Authorization": f"Bearer {token_of(f'v{number}')}"})


def _cost(target: Target, seconds: float, ahead: int | None, *, is_paced: bool) -> Cost:
    """Measure one server, once. `ahead`: None if not every event is written, so that it cannot be driven by them."""
    pids = target.pids
    with Streams(target.requests[:_WARMING], port=target.port, mark=MARK) as warming:
        warming.read_for(0.3)
    time.sleep(0.3)
    requests = target.requests[_WARMING:]
    held: list[int] = []
    spent = machine.cpu(pids)
    with Streams(
        requests,
        port=target.port,
        mark=MARK,
        when_first_are_open=lambda: held.append(machine.memory(pids)),
    ) as streams:
        streams.settle()
        opened = (machine.cpu(pids) - spent) / len(requests) * 1e6
        kept = (machine.memory(pids) - held[0]) / max(1, len(requests) - TOGETHER) / 1024
        publish = target.publisher()
        cost = rate = paced = None
        if ahead is not None:
            streams.publish_for(0.2, publish, ahead=min(ahead, 2))
            before = machine.cpu(pids)
            delivered, lasted = streams.publish_for(seconds, publish, ahead=ahead)
            cost, rate = (machine.cpu(pids) - before) / delivered * 1e6, delivered / lasted
        if is_paced:
            before = machine.cpu(pids)
            published = streams.publish_at(publish, every=_PACE, seconds=seconds)
            paced = (machine.cpu(pids) - before) / (published * len(requests)) * 1e6
        return Cost(cost, rate, paced, kept, opened)

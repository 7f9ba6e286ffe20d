"""Churn: what it costs a stream to be shown the changes of the many whom it watches; state beside messages.

Flow: service and Nchan, each with the same streams and changes -> **churn** -> results.

Every stream watches 200 users of a few thousand, drawn at random; 500 changes a second are spread over all of them. The
service runs as installed: it gathers what a stream has to be told for 250 ms. Nchan sends each stream one message for
each change, in two ways: *the same lists*, one channel for each user and 200 of them for each stream; and *in
groups*, one channel for each stream, with as many streams to a channel as a user has watchers. The second is what
Nchan does best: the streams get as many messages, and nobody has to know who watches whom.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks import machine, posts
from benchmarks.asked import Asked, Tables
from benchmarks.changes import Changes
from benchmarks.numbers import Figure, figure, percentile
from benchmarks.peers.starting import PeerServer, nchan
from benchmarks.people import heartbeat, make_people, token_of
from benchmarks.service import Service
from benchmarks.streams import Streams, request

STREAMS = 1_000
WATCHED = 200
USERS = (2_000, 5_000)  # of whom a change reaches 100 and 40 streams
A_SECOND = 500
_FEWER = 50  # changes a second that Nchan keeps up with when each stream takes 200 channels
_LISTENED = 40  # streams whose events are looked into for their latency
_LONE = 15  # lone changes in each run, each heard by a tenth of those: 300 latencies in five runs
_PAUSE = 0.3  # seconds after a lone change: longer than the flush interval
_RECORD = b'"user":"'  # once for each change that a stream sees
_EVENT = b"data: {"  # once for each event written


@dataclass(slots=True)
class Contender:
    """One server with its open streams, and what was measured of it so far, a value for each run."""

    name: str
    pids: list[int]
    streams: Streams
    changes: Changes
    a_second: float
    cost: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    events: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    lone: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one server spent.

    server: processor microseconds for each change that a stream was shown; seen: such changes a second; events:
    written a second; late: p99 of ms from sending a change to its arrival meanwhile; lone: the same for a change when
    nothing else happens.
    """

    name: str
    server: Figure
    seen: Figure
    events: Figure
    late: Figure
    lone: float | None


def tables(asked: Asked) -> Tables:
    """Return what a change that a stream sees costs, as a table, among fewer and among more users."""
    rows = []
    streams = asked.scaled(STREAMS)
    for users in USERS:
        costs = measure(runs=asked.runs, seconds=2 * asked.seconds, users=users, streams=streams)
        own = costs[0].server.middle
        rows += [
            {
                f"{streams:,} streams, {A_SECOND} changes/s": f"{each.name}, {users:,} users",
                "server CPU per change seen, µs": str(each.server),
                "of ours": f"{each.server.middle / own:.2f}",
                "changes seen/s": str(each.seen),
                "events written/s": str(each.events),
                "p99 meanwhile, ms": str(each.late),
                "p99 of a lone change, ms": "" if each.lone is None else f"{each.lone:.1f}",
            }
            for each in costs
        ]
    return {"churn": rows}


def measure(*, runs: int, seconds: float, users: int, streams: int) -> list[Cost]:
    """Return the costs, the service's own first; servers are taken in turn within each run."""
    with Service(second=True) as service, ExitStack() as opened:
        people = make_people(users)
        posts.post_each(
            [heartbeat(user) for user in people], port=service.second_port, connections=16
        )
        lists = watch_lists(people, streams)
        contenders = [_own(service, people, lists, opened)]
        contenders += _nchans(people, lists, opened)
        for _ in range(runs):
            for each in contenders:
                _load(each, seconds)
                if each.a_second == A_SECOND:
                    _alone(each)
    return [
        Cost(
            each.name,
            figure(each.cost),
            figure(each.seen),
            figure(each.events),
            figure(each.late),
            percentile(each.lone, 0.99) if each.lone else None,
        )
        for each in contenders
    ]


def watch_lists(people: Sequence[str], streams: int = STREAMS) -> list[list[str]]:
    """Return whom each stream watches: the same in every run."""
    chance = random.Random(len(people))
    return [chance.sample(people, WATCHED) for _ in range(streams)]


def own_request(number: int, watched: Sequence[str]) -> bytes:
    """Return the stream of viewer `number`, who watches `watched`."""
    token = token_of(f"v{number}")
    path = f"/presence/stream?users={','.join(watched)}"
    return request(path, {"Authorization": f"Bearer {token}"})


def own_changes(people: Sequence[str]) -> list[tuple[str, bytes]]:
    """Return a change of each of `people`, who are active, and then one back."""
    return [
        (user, heartbeat(user, activity=activity))
        for activity in ("idle", "active")
        for user in people
    ]


def _own(
    service: Service, people: Sequence[str], lists: Sequence[Sequence[str]], opened: ExitStack
) -> Contender:
    requests = [own_request(number, watched) for number, watched in enumerate(lists)]
    return _contender(
        "presence, as installed",
        service.pids,
        opened.enter_context(Streams(requests, port=service.port, mark=_RECORD, frame=_EVENT)),
        opened.enter_context(Changes(service.second_port, own_changes(people))),
    )


def _nchans(
    people: Sequence[str], lists: Sequence[Sequence[str]], opened: ExitStack
) -> Iterator[Contender]:
    """Give Nchan twice: in groups, and with the same lists."""
    groups = len(people) // WATCHED
    in_groups = [f"g{number % groups}" for number in range(len(lists))]
    as_listed = [",".join(watched) for watched in lists]
    for name, a_second, port, taken, given in (
        (
            "Nchan, in groups",
            A_SECOND,
            18431,
            in_groups,
            [f"g{at % groups}" for at in range(len(people))],
        ),
        (f"Nchan, the same lists, at {_FEWER}/s", _FEWER, 18432, as_listed, people),
    ):
        peer = nchan(port)
        if peer is None:
            return
        server = PeerServer(peer)
        opened.callback(server.end)
        requests = [request(f"/watch?users={channels}") for channels in taken]
        changes = [
            (user, posts.request(f"/pub/{channel}", body=_record(user)))
            for user, channel in zip(people, given, strict=True)
        ]
        yield _contender(
            name,
            server.pids,
            opened.enter_context(Streams(requests, port=port, mark=_RECORD, frame=_EVENT)),
            opened.enter_context(Changes(port, changes)),
            a_second,
        )


def _contender(
    name: str, pids: list[int], streams: Streams, changes: Changes, a_second: float = A_SECOND
) -> Contender:
    streams.settle()
    for place in range(_LISTENED):
        streams.listen(place, changes.heard)
    return Contender(name, pids, streams, changes, a_second)


def _load(each: Contender, seconds: float) -> None:
    """Drive one server by all changes."""
    streams, changes = each.streams, each.changes
    changes.send_for(0.5, streams, a_second=each.a_second)
    streams.settle()
    changes.latencies.clear()
    spent, seen, events = machine.cpu(each.pids), streams.events, streams.frames
    changes.send_for(seconds, streams, a_second=each.a_second)
    streams.settle()  # what is late still costs the server: count it
    shown = streams.events - seen
    each.cost.append((machine.cpu(each.pids) - spent) / shown * 1e6)
    each.seen.append(shown / seconds)
    each.events.append((streams.frames - events) / seconds)
    each.late.append(percentile(changes.latencies, 0.99))


def _alone(each: Contender) -> None:
    """Send changes one by one, so far apart that no stream gathers."""
    streams, changes = each.streams, each.changes
    changes.latencies.clear()
    for _ in range(_LONE):
        changes.send()
        streams.read_for(_PAUSE)
    streams.settle()
    each.lone += changes.latencies


def _record(user: str) -> bytes:
    """Return an event of the size of the service's own."""
    return (
        f'{{"users":[{{"user":"{user}","status":"online","since":"2026-01-01T00:00:00.000Z",'
        '"last_seen":"2026-01-01T00:00:00.000Z","devices":["web"],"message":null,"version":12345}]}'
    ).encode()

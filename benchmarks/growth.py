"""Growth: does the cost of one delivery, heartbeat or connect stay, when there is more of everything?

Flow: service with more and more streams, watchers, live users -> **growth** -> results.

Each table changes one thing. What is measured is the same at every size: changes of one user at 20 a second, so that
every size is asked the same; heartbeats over 64 connections; streams that open.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks import crowd, machine, posts
from benchmarks.asked import Asked, Rows, Tables
from benchmarks.fan_out import MARK
from benchmarks.numbers import figure
from benchmarks.people import heartbeat, make_people, token_of
from benchmarks.publisher import Publisher
from benchmarks.service import Service
from benchmarks.streams import Streams, request

STREAMS = (1_000, 5_000, 10_000, 50_000)
WATCHERS = (1, 10, 100, 1_000)
USERS = (1_000, 10_000, 100_000, 1_000_000)
_OPENED = 500  # streams that connects are measured by
_WATCHED = 50  # users that each of them watches
_BEATING = 3_000  # sessions that heartbeats are measured by
_PACE = 0.05  # seconds between two changes
_SECONDS = 1.0


@dataclass(slots=True)
class Size:
    """What was measured at one size, microseconds of the web process's processor time, a value for each run.

    delivery: for each event and stream; change: for each change, whoever watches; beat: for each heartbeat, and
    stored: of the live store for it; connect: for each stream that opens. bytes: of Redis for each live user.
    """

    count: int
    delivery: list[float] = field(default_factory=list)
    change: list[float] = field(default_factory=list)
    beat: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)
    connect: list[float] = field(default_factory=list)
    bytes: list[float] = field(default_factory=list)


def tables(asked: Asked) -> Tables:
    """Return a table for each of the three."""
    return {
        "growth-streams": _rows(
            "open streams",
            by_streams(runs=asked.runs, most=asked.scaled(STREAMS[-1])),
            ("delivery", "beat", "connect"),
        ),
        "growth-watchers": _rows(
            "watchers of the user who changes",
            by_watchers(runs=asked.runs),
            ("change", "delivery"),
        ),
        "growth-users": _rows(
            "live users",
            by_users(runs=asked.runs, most=asked.scaled(USERS[-1])),
            ("delivery", "beat", "stored", "connect", "bytes"),
        ),
    }


def _rows(what: str, sizes: Sequence[Size], columns: Sequence[str]) -> Rows:
    return [
        {
            what: f"{size.count:,}",
            **{_COLUMNS[name]: str(figure(getattr(size, name))) for name in columns},
        }
        for size in sizes
    ]


_COLUMNS = {
    "delivery": "one delivery, µs",
    "change": "one change, µs",
    "beat": "one heartbeat, µs",
    "stored": "live store for it, µs",
    "connect": "one connect, µs",
    "bytes": "Redis for each, bytes",
}


def by_streams(*, runs: int, most: int) -> list[Size]:
    """Return the costs with more and more open streams, all on one topic, up to `most` or what files allow."""
    sizes = []
    limit = machine.most_streams(min(most, STREAMS[-1]))
    with Service(second=True, env=_EACH_CHANGE) as service:
        topic, *_ = make_people(1)
        changes = _changes(topic, service.second_port)
        beats = _beats([f"u{number}" for number in range(_BEATING)], service.port)
        for count in sorted({min(count, limit) for count in STREAMS}):
            size = Size(count)
            service.renew()
            posts.post_each(beats[:1], port=service.port, connections=1)
            spent = machine.cpu(service.pids)
            with _streams([[topic]] * count, service.port) as streams:
                size.connect.append((machine.cpu(service.pids) - spent) / count * 1e6)
                streams.settle()
                for _ in range(runs):
                    _deliver(size, service, streams, changes)
                    _beat(size, service, beats)
            sizes.append(size)
    return sizes


def by_watchers(*, runs: int) -> list[Size]:
    """Return the costs of a change with more and more watchers among 1,000 streams, each of which watches 200 users."""
    with Service(second=True, env=_EACH_CHANGE) as service:
        topics, others = make_people(len(WATCHERS)), make_people(1_000)
        lists = [
            [topic for topic, count in zip(topics, WATCHERS, strict=True) if number < count]
            + [others[(number * 7 + each) % len(others)] for each in range(196)]
            for number in range(WATCHERS[-1])
        ]
        with _streams(lists, service.port) as streams:
            streams.settle()
            sizes = [Size(count) for count in WATCHERS]
            sent = [_changes(topic, service.second_port) for topic in topics]
            for _ in range(runs):
                for size, changes in zip(sizes, sent, strict=True):
                    _deliver(size, service, streams, changes, watchers=size.count)
    return sizes


def by_users(*, runs: int, most: int) -> list[Size]:
    """Return the costs with more and more accounts who are online, each with two sessions."""
    sizes: list[Size] = []
    with Service(second=True, env=_EACH_CHANGE) as service:
        topic, *_ = make_people(1)
        changes = _changes(topic, service.second_port)
        people: list[str] = []
        for count in (each for each in USERS if each <= most):
            size, more = Size(count), make_people(count - len(people))
            size.bytes.append(crowd.join(service.redis_url, more, len(people)) / len(more))
            people += more
            spread = people[:: max(1, count // _BEATING)][:_BEATING]
            beats = _beats(spread, service.port)
            for run in range(runs):
                _beat(size, service, beats)
                lists = [
                    [
                        people[(number * 7_919 + each * 104_729 + run) % count]
                        for each in range(_WATCHED)
                    ]
                    + [topic]
                    for number in range(_OPENED)
                ]
                spent = machine.cpu(service.pids)
                with _streams(lists, service.port, first=count * 10 + run * _OPENED) as streams:
                    streams.settle()
                    size.connect.append((machine.cpu(service.pids) - spent) / _OPENED * 1e6)
                    _deliver(size, service, streams, changes)
            sizes.append(size)
    return sizes


# Every change is written at once and alone, as in the fan-out: what is gathered would hide what one costs.
_EACH_CHANGE = {
    "PRESENCE_FLUSH_INTERVAL": "0",
    "PRESENCE_PUBLISH_INTERVAL": "0",
    "PRESENCE_BEAT_GAP": "0",
}


def _changes(topic: str, port: int) -> Callable[[], Publisher]:
    beats = [heartbeat(topic, activity=each) for each in ("active", "idle")]
    posts.post_each(beats, port=port, connections=1)
    return lambda: Publisher(port, *beats)


def _beats(users: Sequence[str], port: int) -> list[bytes]:
    """Return heartbeats of `users` that change nothing any more."""
    beats = [heartbeat(user) for user in users]
    posts.post_each(beats, port=port, connections=16)
    return beats


def _streams(lists: Sequence[Sequence[str]], port: int, *, first: int = 0) -> Streams:
    requests = [
        request(
            f"/presence/stream?users={','.join(watched)}",
            {"Authorization": f"Bearer {token_of(f'v{number}')}"},
        )
        for number, watched in enumerate(lists, first)
    ]
    return Streams(requests, port=port, mark=MARK)


def _deliver(
    size: Size,
    service: Service,
    streams: Streams,
    changes: Callable[[], Publisher],
    *,
    watchers: int | None = None,
) -> None:
    each = watchers or len(streams)
    publish = changes()
    publish()
    streams.read_for(0.2)
    spent = machine.cpu(service.pids)
    delivered, _ = streams.publish_for(_SECONDS, publish, ahead=2, every=_PACE, each=each)
    cost = (machine.cpu(service.pids) - spent) * 1e6
    size.delivery.append(cost / delivered)
    size.change.append(cost / delivered * each)


def _beat(size: Size, service: Service, beats: Sequence[bytes]) -> None:
    web, store = machine.cpu(service.pids), machine.cpu(service.store_pids)
    answered = len(posts.post_for(_SECONDS, port=service.port, requests=beats, connections=64))
    size.beat.append((machine.cpu(service.pids) - web) / answered * 1e6)
    size.stored.append((machine.cpu(service.store_pids) - store) / answered * 1e6)

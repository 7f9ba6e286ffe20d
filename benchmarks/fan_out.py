"""Fan-out: what handing one event to one stream costs the server, when all streams watch the same topic.

Flow: service, peers -> **fan_out** -> results.

The service takes its changes as in earnest: another web process publishes them through the channel layer. Its
coalescing is switched off here (FLUSH_INTERVAL=0): every stream is written every event, as with the peers.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from benchmarks import machine, posts
from benchmarks.numbers import Figure, figure
from benchmarks.peers.starting import PeerServer, stream_peers
from benchmarks.service import Service, heartbeat, make_people, token_of
from benchmarks.streams import Streams, request

_PACE = 0.05  # seconds between events where all are driven alike
_AHEAD = 6  # events on their way: enough that no server waits for its publisher
MARK = b'"users"'
# As many bytes as the service's own event has.
EVENT = (
    b'{"users":[{"user":"topic","status":"online","since":"2026-01-01T00:00:00.000Z",'
    b'"last_seen":"2026-01-01T00:00:00.000Z","devices":["web"],"message":null,"version":12345}]}'
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What `streams` streams on one topic cost.

    server: processor microseconds for each delivered event, the server driven as fast as it goes;
    rate: deliveries a second meanwhile; paced: microseconds at 20 events a second, the same for all;
    memory: KiB for each stream; connect: processor microseconds for opening one.
    """

    name: str
    streams: int
    server: Figure
    rate: Figure
    paced: Figure
    memory: Figure
    connect: Figure


class Publisher:
    """Sends requests in turn over one connection, without waiting for their answers."""

    def __init__(self, port: int, *requests: bytes) -> None:
        """Send `requests` in turn."""
        self._connection = socket.create_connection(("127.0.0.1", port))
        self._connection.setblocking(False)
        self._requests = requests
        self._sent = 0

    def __call__(self) -> None:
        """Send the next one; answers are thrown away."""
        with suppress(BlockingIOError):
            self._connection.recv(65_536)
        self._connection.sendall(self._requests[self._sent % len(self._requests)])
        self._sent += 1


def measure(*, runs: int, seconds: float, streams: int) -> list[Delivery]:
    """Return the costs, the service's own first; servers taken in turn within each run."""
    spent: dict[str, list[tuple[float, float, float, float, float]]] = {}
    with Service(
        env={"PRESENCE_FLUSH_INTERVAL": "0", "PRESENCE_PUBLISH_INTERVAL": "0"}, second=True
    ) as service:
        (topic,) = make_people(1)
        requests = [
            request(
                f"/presence/stream?users={topic}", {"Authorization": f"Bearer {token_of(f'v{n}')}"}
            )
            for n in range(streams)
        ]
        changes = [heartbeat(topic, activity=each) for each in ("active", "idle")]
        posts.post_each(changes, port=service.second_port, connections=1)
        plain = posts.request("/pub", body=EVENT)
        peers = stream_peers()
        for _ in range(runs):
            cost = _cost(
                service.pids,
                requests,
                service.port,
                lambda: Publisher(service.second_port, *changes),
                seconds,
            )
            spent.setdefault("presence", []).append(cost)
            for peer in peers:
                server = PeerServer(peer, env={"REDIS_URL": service.redis_url})
                try:
                    cost = _cost(
                        server.pids,
                        [request(peer.path)] * streams,
                        peer.port,
                        lambda port=peer.port: Publisher(port, plain),  # type: ignore[misc]
                        seconds,
                    )
                    spent.setdefault(peer.name, []).append(cost)
                finally:
                    server.end()
    return [
        Delivery(name, streams, *(figure([each[at] for each in costs]) for at in range(5)))
        for name, costs in spent.items()
    ]


def _cost(
    pids: list[int],
    requests: list[bytes],
    port: int,
    publisher: Callable[[], Publisher],
    seconds: float,
) -> tuple[float, float, float, float, float]:
    held, spent = machine.memory(pids), machine.cpu(pids)
    with Streams(requests, port=port, mark=MARK) as streams:
        streams.read_for(0.3)
        opened = (machine.cpu(pids) - spent) / len(requests) * 1e6
        kept = (machine.memory(pids) - held) / len(requests) / 1024
        publish = publisher()
        streams.publish_for(0.2, publish, ahead=2)
        before = machine.cpu(pids)
        delivered, lasted = streams.publish_for(seconds, publish, ahead=_AHEAD)
        cost = (machine.cpu(pids) - before) / delivered * 1e6
        rate = delivered / lasted
        before = machine.cpu(pids)
        delivered, _ = streams.publish_for(seconds, publish, ahead=_AHEAD, every=_PACE)
        paced = (machine.cpu(pids) - before) / delivered * 1e6
        return cost, rate, paced, kept, opened

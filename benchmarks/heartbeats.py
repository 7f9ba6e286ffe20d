"""Heartbeats: what one costs the web process and the live store, beside a bare ASGI 204.

Flow: service, bare application, naive consumers -> **heartbeats** -> results.
"""

import time
from dataclasses import dataclass

from benchmarks import machine, posts
from benchmarks.asked import Asked, Tables
from benchmarks.numbers import Figure, figure
from benchmarks.peers.starting import PeerServer, beat_peers
from benchmarks.people import heartbeat
from benchmarks.service import Service

USERS = 3_000
CONNECTIONS = 256


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor microseconds for each answered request."""

    name: str
    server: Figure
    store: Figure | None = None


def tables(asked: Asked) -> Tables:
    """Return what a heartbeat costs, as a table."""
    costs = measure(runs=asked.runs, seconds=asked.seconds)
    bare = next(cost for cost in costs if cost.name.startswith("bare")).server.middle
    return {
        "heartbeats": [
            {
                "one heartbeat": cost.name,
                "server CPU, µs": str(cost.server),
                "of the bare one": f"{cost.server.middle / bare:.2f}",
                "live store CPU, µs": str(cost.store or ""),
            }
            for cost in costs
        ]
    }


def measure(*, runs: int, seconds: float) -> list[Cost]:
    """Return the costs, the service's own first; servers taken in turn within each run."""
    spent: dict[str, list[float]] = {}
    stored: list[float] = []
    # The gap in which a session's repeated beat is answered from memory would hide the store.
    with Service(env={"PRESENCE_BEAT_GAP": "0"}) as service:
        beats = [heartbeat(f"u{number}") for number in range(USERS)]
        # Sessions begin by the slow path; that is over before the measuring.
        posts.post_each(beats, port=service.port, connections=16)
        peers = [PeerServer(peer, env={"REDIS_URL": service.redis_url}) for peer in beat_peers()]
        try:
            for _ in range(runs):
                store = machine.cpu(service.store_pids)
                cost, answered = _cost(service.pids, service.port, beats, seconds)
                stored.append((machine.cpu(service.store_pids) - store) / answered * 1e6)
                spent.setdefault("presence", []).append(cost)
                for server in peers:
                    plain = [posts.request(server.peer.path, body=b'{"session":"s1"}')]
                    cost, _ = _cost(server.pids, server.peer.port, plain, seconds)
                    spent.setdefault(server.peer.name, []).append(cost)
        finally:
            for server in peers:
                server.end()
    return [
        Cost(name, figure(values), figure(stored) if name == "presence" else None)
        for name, values in spent.items()
    ]


def _cost(pids: list[int], port: int, requests: list[bytes], seconds: float) -> tuple[float, int]:
    posts.post_for(0.2, port=port, requests=requests, connections=CONNECTIONS)
    time.sleep(0.05)
    before = machine.cpu(pids)
    answered = len(posts.post_for(seconds, port=port, requests=requests, connections=CONNECTIONS))
    return (machine.cpu(pids) - before) / answered * 1e6, answered

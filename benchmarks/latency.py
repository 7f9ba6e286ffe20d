"""Latency: from a heartbeat to one web process until the event on a stream of another.

Flow: heartbeat -> process 2 -> live store, channel layer -> process 1 -> stream -> **latency** -> results.
"""

import socket
import time

from benchmarks import posts
from benchmarks.numbers import percentile
from benchmarks.service import Service, heartbeat, make_people, token_of
from benchmarks.streams import Streams, request

_PAUSE = 0.3  # seconds between changes: longer than the flush interval, so that each is a lone one


def measure(*, changes: int, idle_streams: int) -> tuple[float, float]:
    """Return the median and the 99th percentile, in milliseconds, with other streams open beside."""
    with Service(second=True) as service:
        one, other = make_people(2)
        beats = [heartbeat(one, activity=each) for each in ("active", "idle")]
        posts.post_each(beats, port=service.second_port, connections=1)
        idle = [
            request(
                f"/presence/stream?users={other}", {"Authorization": f"Bearer {token_of(f'v{n}')}"}
            )
            for n in range(idle_streams)
        ]
        watching = request(
            f"/presence/stream?users={one}", {"Authorization": f"Bearer {token_of('w')}"}
        )
        with (
            Streams(idle, port=service.port, mark=b"none"),
            socket.create_connection(("127.0.0.1", service.port)) as stream,
            socket.create_connection(("127.0.0.1", service.second_port)) as connection,
        ):
            stream.sendall(watching)
            while b"snapshot" not in stream.recv(65_536):
                pass
            taken = []
            for number in range(changes):
                time.sleep(_PAUSE)
                sent_at = time.perf_counter()
                connection.sendall(beats[number % 2])
                while b"event: presence" not in stream.recv(65_536):
                    pass
                taken.append((time.perf_counter() - sent_at) * 1000)
                connection.recv(65_536)
    return percentile(taken, 0.5), percentile(taken, 0.99)

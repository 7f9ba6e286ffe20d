"""Publisher: requests sent in turn over one connection, without waiting for their answers.

Flow: claim -> **publisher** -> the process that publishes.
"""

import socket
from contextlib import suppress


class Publisher:
    """One connection; each call sends the next of its requests."""

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

"""Shortcut: how an application lets the protocol answer its most frequent request by itself.

Flow: socket -> protocol -> **shortcut** -> socket; for everything unusual protocol -> application.

A bare ASGI application on uvicorn costs a task, a request object, an event and two writes for each request.
A shortcut is asked with what was parsed and answers with bytes. It answers success alone: whatever it does
not want, at either step, goes the ordinary way, so that there is one place for every refusal.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

Headers = Sequence[tuple[bytes, bytes]]


class Shortcut(Protocol):
    """One path's shortcut for POST."""

    path: bytes
    longest: int

    def admit(self, headers: Headers) -> Any:
        """Return what `answer` needs to know of a request with `headers`; None to go the ordinary way.

        Never raises.
        """
        ...

    def answer(self, admitted: Any, body: bytes, done: Callable[[bytes | None], None]) -> None:
        """Call `done`, now or later, with the header fields and body of a 200, or None for the ordinary way.

        The fields include `content-length` and end with an empty line. Never raises.
        """
        ...

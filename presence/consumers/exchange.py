"""Exchange: one HTTP request and its answer, without a framework in between.

Flow: scope, receive -> **exchange** -> consumer -> **exchange** -> send.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from presence.service.problem import CONTENT_TYPE, Problem

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")
_NO_STORE: tuple[bytes, bytes] = (b"cache-control", b"no-store")


class ProblemError(Exception):
    """Ends a request with a problem document; `headers` go with it."""

    def __init__(self, problem: Problem, headers: Headers | None = None) -> None:
        """Answer with `problem`."""
        super().__init__(problem.detail)
        self.problem = problem
        self.headers = headers or []


class ClientGoneError(Exception):
    """The client went before it had said everything."""


def refuse(status: int, detail: str, field: str | None = None) -> ProblemError:
    """Return the error that answers with that problem."""
    return ProblemError(Problem(status=status, detail=detail, field=field))


class Exchange:
    """A request being answered. `headers` are those of the request, the last of a name wins."""

    __slots__ = ("extra", "has_started", "headers", "is_closed", "receive", "scope", "send")

    def __init__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Wrap what an ASGI server hands over."""
        self.scope = scope
        self.receive = receive
        self.send = send
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.extra: Headers = []  # headers that every answer to this request carries (CORS)
        self.has_started = False
        self.is_closed = False

    def query(self) -> dict[str, str]:
        """Return the query's parameters; of one given twice the last counts."""
        text = self.scope["query_string"].decode("latin-1")
        return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}

    async def body(self, longest: int) -> bytes:
        """Return the request's body.

        Raises:
            ProblemError: 413, it is longer than `longest` bytes.
            ClientGoneError: the client went in the middle of it.
        """
        if int(self.headers.get(b"content-length", b"0") or b"0") > longest:
            raise refuse(413, f"the body may have at most {longest} bytes")
        body = b""
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            body += bytes(message.get("body", b""))
            if len(body) > longest:
                raise refuse(413, f"the body may have at most {longest} bytes")
            if not message.get("more_body", False):
                return body

    async def start(self, status: int, headers: Headers) -> None:
        """Begin the answer. This and all below raise ClientGoneError when there is nobody to answer."""
        self.has_started = True
        await self._send(
            {"type": "http.response.start", "status": status, "headers": headers + self.extra}
        )

    async def write(self, body: bytes) -> None:
        """Send a part of the answer; more follows."""
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def close(self, body: bytes = b"") -> None:
        """Send the last part of the answer. Without it a client hangs, on daphne for ever."""
        self.is_closed = True
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def answer_json(self, body: bytes) -> None:
        """Answer 200 with JSON."""
        length = (b"content-length", b"%d" % len(body))
        await self.start(200, [_JSON, _NO_STORE, length])
        await self.close(body)

    async def answer_empty(self, headers: Headers | None = None) -> None:
        """Answer 204."""
        await self.start(204, [_NO_STORE, *(headers or [])])
        await self.close()

    async def answer_problem(self, problem: Problem, headers: Headers | None = None) -> None:
        """Answer with a problem document."""
        body = problem.to_json()
        await self.start(
            problem.status,
            [
                (b"content-type", CONTENT_TYPE.encode()),
                _NO_STORE,
                (b"content-length", b"%d" % len(body)),
                *(headers or []),
            ],
        )
        await self.close(body)

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self.send(message)
        except (OSError, RuntimeError) as error:
            # ASGI says OSError; uvloop, for a socket that closed a moment ago, a RuntimeError with these words.
            if isinstance(error, RuntimeError) and "handler is closed" not in str(error):
                raise
            self.is_closed = True
            raise ClientGoneError from error

"""Application: the ASGI application as servers see it.

Flow: server -> **application** -> consumers | probes | Django.

The consumers' paths are looked up in a dictionary before anything else happens: Django's resolver and
middleware cost more than a whole heartbeat.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from presence import wiring
from presence.consumers.exchange import Exchange, Receive, Send
from presence.live.epoch import ShardCountError
from presence.routing import CONSUMERS
from presence.service.metrics import Figures, shared
from presence.service.problem import Problem

Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

log = structlog.get_logger(__name__)


def wrap(django: Application, *, prefix: str = "/") -> Application:
    """Return `django` with the consumers under `prefix` and the probes beside it."""
    routes: dict[str, Application] = {
        f"{prefix}{path}": consumer for path, consumer in CONSUMERS.items()
    }
    routes |= {"/healthz": _healthz, "/readyz": _readyz, "/metrics": _metrics}
    own = f"{prefix}presence/"

    async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            route = routes.get(path)
            if route is not None:
                await route(scope, receive, send)
            elif path.startswith(own):
                problem = Problem(status=404, detail="there is no such path")
                await Exchange(scope, receive, send).answer_problem(problem)
            else:
                await django(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await django(scope, receive, send)

    return application


async def _live(receive: Receive, send: Send) -> None:
    """Answer a server that says when it starts and ends (daphne does not)."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await wiring.start()
            except ShardCountError as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
        else:
            await wiring.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _healthz(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer that this process lives."""
    await Exchange(scope, receive, send).answer_json(b'{"status":"ok"}')


async def _readyz(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer whether this process should get traffic: 200 or 503, with each check's finding."""
    joined = wiring.parts()
    joined.start()
    readiness = await joined.health.readiness()
    body = msgspec.json.encode(
        {"status": "ok" if readiness.is_ready else "unready", "checks": readiness.checks}
    )
    exchange = Exchange(scope, receive, send)
    if readiness.is_ready:
        await exchange.answer_json(body)
    else:
        await exchange.start(503, [(b"content-type", b"application/json"), (b"retry-after", b"2")])
        await exchange.close(body)


async def _metrics(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer this process's figures for Prometheus."""
    joined = wiring.parts()
    exchange = Exchange(scope, receive, send)
    figures = Figures(
        joined.hub,
        joined.following,
        joined.attachments,
        joined.heartbeats,
        await shared(joined.recorder, joined.tally),
    )
    body = generate_latest() + figures.text()
    await exchange.start(200, [(b"content-type", CONTENT_TYPE_LATEST.encode())])
    await exchange.close(body)

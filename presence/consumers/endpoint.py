"""Endpoint: what the three consumers have in common.

Flow: ASGI -> **endpoint** (method, origin, errors) -> heartbeat | leave | stream.

Two rules keep servers alive. No exception leaves a consumer: one that is raised after the response has
begun stops daphne's reaper for the whole process. And a response that has begun is always ended.
"""

from typing import Any, ClassVar

import structlog
from channels.consumer import AsyncConsumer

from presence.consumers.authentication import Authentication
from presence.consumers.exchange import ClientGoneError, Exchange, ProblemError
from presence.consumers.origins import Origins
from presence.parts import Parts
from presence.service.errors import NotFound, Refused, Unavailable
from presence.service.problem import Problem
from presence.wiring import parts

log = structlog.get_logger(__name__)


class Endpoint(AsyncConsumer):
    """A consumer of one path and one method.

    It overrides `__call__`: `AsyncHttpConsumer` hears neither a disconnect nor anything else while it
    handles, and `dispatch` hops to a thread for every message.
    """

    channel_layer_alias = "none"  # one channel per process is the hub's; requests have none
    method: ClassVar[str]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        exchange = Exchange(scope, receive, send)
        try:
            await self._answer(exchange)
        except ClientGoneError:
            pass
        except Exception:
            log.exception("request_failed", path=scope["path"])
            if not exchange.has_started:
                await exchange.answer_problem(Problem(status=500, detail="an error on our side"))
        finally:
            if exchange.has_started and not exchange.is_closed:
                await exchange.close()

    async def handle(self, exchange: Exchange, joined: Parts, user_of: Authentication) -> None:
        """Answer a request of the right method.

        May raise ProblemError and every error of presence.service.errors.
        """
        raise NotImplementedError

    async def _answer(self, exchange: Exchange) -> None:
        joined = parts()
        if not joined.tasks:
            joined.start()  # on a server that does not say when it starts (daphne)
        origins = Origins(joined.settings.allowed_origins)
        origins.admit(exchange)
        try:
            if exchange.scope["method"] == self.method:
                await self.handle(exchange, joined, Authentication(origins))
            elif exchange.scope["method"] == "OPTIONS" and b"origin" in exchange.headers:
                await exchange.answer_empty(origins.preflight(exchange))
            else:
                await exchange.answer_problem(
                    Problem(status=405, detail=f"only {self.method} is answered here"),
                    [(b"allow", f"{self.method}, OPTIONS".encode())],
                )
        except ProblemError as error:
            await exchange.answer_problem(error.problem, error.headers)
        except Refused as error:
            await exchange.answer_problem(
                Problem(status=400, detail=error.detail, field=error.field)
            )
        except NotFound:
            await exchange.answer_problem(Problem(status=404, detail="there is no such thing"))
        except Unavailable as error:
            await exchange.answer_problem(
                Problem(status=503, detail=error.detail),
                [(b"retry-after", b"%d" % error.retry_after)],
            )

"""Health: whether this process should get traffic, and why not.

Flow: /healthz, /readyz -> **health** -> load balancer, operator.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from django.db import connections

from presence.live.connection import Connection, LiveUnavailableError, guarded
from presence.service.database import in_database
from presence.service.errors import Unavailable
from presence.service.following import Following
from presence.service.recording import Recorder
from presence.service.watching import Watching

_ANSWER_WITHIN = 2.0  # seconds; a load balancer asks every few


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Each check with its finding: "ok", or what is wrong."""

    checks: dict[str, str]

    @property
    def is_ready(self) -> bool:
        """Return whether every check is ok."""
        return all(finding == "ok" for finding in self.checks.values())


class Health:
    """Checks what this process needs."""

    def __init__(
        self,
        connection: Connection,
        following: Callable[[], Following],
        watching: Watching,
        recorder: Recorder,
        *,
        max_backlog: int,
    ) -> None:
        """Count more than `max_backlog` unwritten changes as a fault."""
        self._connection = connection
        self._following = following
        self._watching = watching
        self._recorder = recorder
        self._max_backlog = max_backlog

    async def readiness(self) -> Readiness:
        """Return what works. Never raises, and answers within about two seconds."""
        findings = await asyncio.gather(
            *map(self._within, (self._redis, self._postgres, self._history))
        )
        checks = dict(zip(("redis", "postgres", "history"), findings, strict=True))
        checks["following"] = "ok" if self._following().is_verified else "behind the log"
        checks["draining"] = "draining" if self._watching.is_draining else "ok"
        return Readiness(checks=checks)

    async def _within(self, check: Callable[[], Awaitable[str]]) -> str:
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                return await check()
        except TimeoutError:
            return "no answer"
        except (LiveUnavailableError, Unavailable) as error:
            return str(error)

    async def _redis(self) -> str:
        await guarded(self._connection.redis.get(self._connection.keys.epoch))
        return "ok"

    async def _postgres(self) -> str:
        await in_database(_ask)
        return "ok"

    async def _history(self) -> str:
        backlog = await self._recorder.backlog()
        return "ok" if backlog <= self._max_backlog else f"{backlog} changes wait to be written"


def _ask() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")

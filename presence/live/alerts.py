"""Alerts: who wants to be told, once, when somebody is online; and what has gone off.

Flow: service.alerts -> **alerts** -> commit.lua hands them out -> service.applying -> told.

A wish lies beside the record of the user it is about, so the commit that brings the user online takes it
out in the same stroke: of any number of processes exactly one delivers it.
"""

from datetime import timedelta

from presence.domain.instant import Instant, milliseconds
from presence.live.connection import Connection, guarded

MAX_TOLD = 100  # alerts kept for a viewer who never looks; the oldest go
_KEPT = timedelta(days=1)


class Alerts:
    """All wishes to be told, and what was told."""

    def __init__(self, connection: Connection) -> None:
        """Work over `connection`."""
        self._redis = connection.redis
        self._keys = connection.keys

    async def add(self, *, viewer: str, user: str, until: Instant, lasts: timedelta) -> None:
        """Keep the wish of `viewer` until `until`, which is `lasts` from now.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        key = self._keys.alerts(user)
        await guarded(self._redis.hset(key, viewer, str(until)))
        # The hash lives as long as its longest wish; a shorter one in it is looked at when it fires.
        if await guarded(self._redis.pttl(key)) < milliseconds(lasts):
            await guarded(self._redis.pexpire(key, milliseconds(lasts)))

    async def remove(self, *, viewer: str, user: str) -> bool:
        """Drop the wish; return whether there was one.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        return bool(await guarded(self._redis.hdel(self._keys.alerts(user), viewer)))

    async def count(self, user: str) -> int:
        """Return how many viewers wait for `user`.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        return int(await guarded(self._redis.hlen(self._keys.alerts(user))))

    async def tell(self, *, viewer: str, user: str, at: Instant) -> None:
        """Keep for the next poll of `viewer` that `user` came online at `at`.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        key = self._keys.told(viewer)
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.rpush(key, f"{at} {user}")
            pipe.ltrim(key, -MAX_TOLD, -1)
            pipe.pexpire(key, milliseconds(_KEPT))
            await guarded(pipe.execute())

    async def take_told(self, viewer: str) -> list[tuple[Instant, str]]:
        """Return, once, what went off for `viewer`: (instant, user), oldest first.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        rows = await guarded(self._redis.lpop(self._keys.told(viewer), MAX_TOLD))
        pairs = [row.decode().split(" ", 1) for row in rows or []]
        return [(int(at), user) for at, user in pairs]

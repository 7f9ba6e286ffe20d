"""Tally: what all workers have done, counted where every web process can read it.

Flow: worker (no port of its own) -> **tally** -> Redis -> metrics of any web process.
"""

from presence.live.connection import Connection, guarded


class Tally:
    """Counts that only grow, until the store loses its data."""

    def __init__(self, connection: Connection) -> None:
        """Work over `connection`."""
        self._redis = connection.redis
        self._key = connection.keys.tally

    async def add(self, **counts: int) -> None:
        """Add to each count.

        Raises:
            LiveUnavailableError: Redis did not answer; none, some or all may have been added.
        """
        async with self._redis.pipeline(transaction=False) as pipe:
            for name, count in counts.items():
                pipe.hincrby(self._key, name, count)
            await guarded(pipe.execute())

    async def read(self) -> dict[str, int]:
        """Return every count.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        counts = await guarded(self._redis.hgetall(self._key))
        return {name.decode(): int(count) for name, count in counts.items()}

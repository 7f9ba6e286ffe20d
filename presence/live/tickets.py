"""Tickets: single-use proofs of who opens a stream.

Flow: API -> **tickets** -> Redis -> stream (`?ticket=`), once.
"""

from datetime import timedelta

from presence.domain.instant import milliseconds
from presence.live.connection import Connection, guarded


class Tickets:
    """All tickets that have not been used."""

    def __init__(self, connection: Connection) -> None:
        """Work over `connection`."""
        self._redis = connection.redis
        self._prefix = connection.keys.prefix

    async def keep(self, ticket: str, proof: str, *, lasts: timedelta) -> None:
        """Let `ticket` stand for `proof`, once, within `lasts`.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        await guarded(self._redis.set(self._key(ticket), proof, px=milliseconds(lasts)))

    async def take(self, ticket: str) -> str | None:
        """Return what `ticket` stands for and use it up; None if it is unknown, used or over.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        proof = await guarded(self._redis.getdel(self._key(ticket)))
        return None if proof is None else proof.decode()

    def _key(self, ticket: str) -> str:
        return f"{self._prefix}:ticket:{ticket}"

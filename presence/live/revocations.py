"""Revocations: from which instant on older proofs of a user, or of one login, count no more.

Flow: service.revoking -> **revocations** -> Redis -> service.admission.
"""

from collections.abc import Sequence
from datetime import timedelta

from presence.domain.instant import Instant, milliseconds
from presence.live.connection import Connection, guarded


class Revocations:
    """All revocations of late. Bound: those of the time for which they are kept."""

    def __init__(self, connection: Connection, *, kept: timedelta) -> None:
        """Work over `connection`; forget what is older than `kept`, which no token outlives."""
        self._redis = connection.redis
        self._key = connection.keys.revoked
        self._kept = milliseconds(kept)

    async def note(self, name: str, *, at: Instant) -> None:
        """Let what proved `name` before `at` prove it no more.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        await guarded(self._redis.zadd(self._key, {name: at}, gt=True))
        await guarded(self._redis.zremrangebyscore(self._key, "-inf", at - self._kept))

    async def of(self, names: Sequence[str]) -> list[Instant | None]:
        """Return for each of `names` (at least one) from when on older proofs count no more.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        scores = await guarded(self._redis.zmscore(self._key, names))
        return [None if score is None else int(score) for score in scores]

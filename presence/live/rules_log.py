"""Rules log: between whom rules of who may see whom have changed, in order.

Flow: service.rules -> **rules log** -> following of every process -> open streams are judged again.

The bus only wakes who listens; this is what they read. So a lost message delays a rule by a look, and
never loses it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from presence.domain.instant import Instant
from presence.live.connection import Connection, guarded

KEPT = 10_000  # changes at least; a process reads them within a second or two of being made
_PAGE = 500


class RulesChange(NamedTuple):
    """One change: its place in the log, when that was by Redis' clock, and between whom."""

    place: str
    at: Instant
    users: tuple[str, ...]


class RulesLog:
    """The latest changes of rules."""

    def __init__(self, connection: Connection) -> None:
        """Work over `connection`."""
        self._redis = connection.redis
        self._key = connection.keys.rules_log

    async def append(self, users: Sequence[str]) -> None:
        """Note that rules between `users` changed.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        fields = {"u": ",".join(users)}  # no comma in an id, see domain.ids
        await guarded(self._redis.xadd(self._key, fields, maxlen=KEPT, approximate=True))

    async def head(self) -> str:
        """Return the place of the newest change.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        rows = await guarded(self._redis.xrevrange(self._key, count=1))
        return rows[0][0].decode() if rows else "0-0"

    async def after(self, place: str) -> list[RulesChange]:
        """Return the next changes after `place`, oldest first; none if there is none.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        rows = await guarded(self._redis.xrange(self._key, min=f"({place}", count=_PAGE))
        return [
            RulesChange(
                place=name.decode(),
                at=int(name.partition(b"-")[0]),
                users=tuple(fields[b"u"].decode().split(",")),
            )
            for name, fields in rows
        ]

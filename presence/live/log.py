"""Log: the changes of each shard, in order. The outbox of history, and how a hub repairs a gap.

Flow: commit.lua -> **log** -> history worker (consumer group); hub (by version).

Entry ids are `<version>-<sub>`: sub 0 is a change that others see, sub > 0 one that only its user sees.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from redis.exceptions import ResponseError

from presence.domain.changes import Entry, LoggedChange, Position
from presence.domain.instant import Instant
from presence.live.codec import unpack_change
from presence.live.connection import Connection, LiveUnavailableError, guarded

log = structlog.get_logger(__name__)

GROUP = "history"


def entry_of(shard: int, position: Position, at: Instant, payload: bytes) -> Entry:
    """Return the entry that `payload` describes."""
    change = unpack_change(payload)
    if isinstance(change, str):
        return Entry(shard=shard, position=position, at=at, user=change, change=None)
    return Entry(shard=shard, position=position, at=at, user=change.user, change=change)


class Log:
    """The change logs of all shards."""

    def __init__(self, connection: Connection) -> None:
        """Work over `connection`."""
        self._connection = connection
        self._keys = connection.keys

    def shard_of(self, user: str) -> int:
        """Return the shard in whose log the changes of `user` are."""
        return self._keys.shard(user)

    async def heads(self) -> tuple[Instant, list[Position]]:
        """Return an instant and, as of not before it, the newest position of every shard.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        asked_at: list[Instant] = []
        heads: list[Position] = []
        for shards in self._connection.groups(range(self._keys.shards)):
            names = [self._keys.meta(shard) for shard in shards]
            now, *found = await self._connection.run("heads", names, [])
            asked_at.append(now)
            heads += zip(found[::2], found[1::2], strict=True)
        return min(asked_at), heads

    async def after(self, shard: int, position: Position, *, limit: int = 5_000) -> list[Entry]:
        """Return the entries of `shard` after `position`, oldest first, at most `limit`.

        The log is bounded: the caller must check that the first one follows on.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        start = f"({position[0]}-{position[1]}"
        rows = await guarded(
            self._connection.redis.xrange(self._keys.log(shard), min=start, count=limit)
        )
        return [_entry(shard, row) for row in rows]

    async def join(self) -> None:
        """Create the history worker's consumer group wherever it is missing.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        for shard in range(self._keys.shards):
            try:
                await guarded(
                    self._connection.redis.xgroup_create(
                        self._keys.log(shard), GROUP, id="0", mkstream=True
                    )
                )
            except LiveUnavailableError as error:
                if "BUSYGROUP" not in str(error):
                    raise

    async def take(self, consumer: str, *, limit: int, again: bool = False) -> list[Entry]:
        """Return up to about `limit` entries that nobody has taken, for `consumer` to acknowledge.

        With `again`: those that `consumer` took before and never acknowledged. Returns at once.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        entries: list[Entry] = []
        for shards in self._connection.groups(range(self._keys.shards)):
            names = {self._keys.log(shard): "0" if again else ">" for shard in shards}
            each = max(1, limit // len(shards))
            rows = await guarded(
                self._connection.redis.xreadgroup(GROUP, consumer, names, count=each)
            )
            shard_of = {self._keys.log(shard): shard for shard in shards}
            pairs: Iterable[Any] = rows.items() if isinstance(rows, dict) else rows
            for name, found in pairs:
                shard = shard_of[name.decode()]
                flat = found[0] if isinstance(rows, dict) else found
                entries.extend(_entry(shard, row) for row in flat if row[1])
                await self._give_up(shard, [row[0] for row in flat if not row[1]])
        return entries

    async def _give_up(self, shard: int, names: Sequence[bytes]) -> None:
        """Strike off what was taken and trimmed before it was written: it would hold up what follows."""
        if names:
            log.error("changes_lost_to_history", shard=shard, count=len(names))
            await guarded(self._connection.redis.xack(self._keys.log(shard), GROUP, *names))

    async def claim(self, consumer: str, *, idle_ms: int) -> None:
        """Take over what other consumers took `idle_ms` ago and never acknowledged: they died.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        for shard in range(self._keys.shards):
            await guarded(
                self._connection.redis.xautoclaim(
                    self._keys.log(shard), GROUP, consumer, idle_ms, justid=True
                )
            )

    async def acknowledge(self, entries: Sequence[Entry]) -> None:
        """Say that `entries` are safe in Postgres.

        Raises:
            LiveUnavailableError: Redis did not answer; they will be taken again.
        """
        async with self._connection.redis.pipeline(transaction=False) as pipe:
            by_shard: dict[int, list[str]] = {}
            for entry in entries:
                name = f"{entry.position[0]}-{entry.position[1]}"
                by_shard.setdefault(entry.shard, []).append(name)
            for shard, names in by_shard.items():
                pipe.xack(self._keys.log(shard), GROUP, *names)
            await guarded(pipe.execute())

    async def backlog(self) -> int:
        """Return how many entries wait for history, taken or not.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        waiting = 0
        async with self._connection.redis.pipeline(transaction=False) as pipe:
            for shard in range(self._keys.shards):
                pipe.xinfo_groups(self._keys.log(shard))
            for groups in await guarded(pipe.execute(raise_on_error=False)):
                if isinstance(groups, ResponseError):  # no stream yet
                    continue
                for group in groups:
                    if group["name"] == GROUP.encode():
                        waiting += int(group["pending"]) + int(group.get("lag") or 0)
        return waiting


def logged(epoch: str, entries: Iterable[Entry]) -> list[LoggedChange]:
    """Return the public changes among `entries`, as history keeps them."""
    return [
        LoggedChange(
            epoch=epoch,
            shard=entry.shard,
            version=entry.position[0],
            at=entry.at,
            change=entry.change,
        )
        for entry in entries
        if entry.change is not None
    ]


def _entry(shard: int, row: Any) -> Entry:
    name, fields = row
    version, _, sub = name.decode().partition("-")
    return entry_of(shard, (int(version), int(sub)), int(fields[b"a"]), fields[b"c"])

"""Epoch: which incarnation of the live store this is.

Flow: connect, commit refused -> **epoch** -> cursors, commits.

A new epoch begins when the store is empty, or when any shard has lost its data: then versions have
started anew, and whoever compares old numbers with new ones must read everything again.
"""

import asyncio
import secrets

from presence.live.connection import Connection, guarded

_HALF_WAY = 0.5  # seconds; giving 64 shards an epoch takes about 10 ms

_REPLACE = """
if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end
return redis.call('GET', KEYS[1])
"""


class ShardCountError(RuntimeError):
    """The store was made with another number of shards than the settings name."""


class Epoch:
    """The store's epoch, as this process knows it."""

    def __init__(self, connection: Connection) -> None:
        """Nothing is known before `ensure`."""
        self._connection = connection
        self._keys = connection.keys
        self.known = ""

    async def ensure(self) -> str:
        """Return the epoch in force, beginning one if the store lost data. Sets `known`.

        Any number of processes may do this at once: one of them wins, all agree.

        Raises:
            LiveUnavailableError: Redis did not answer.
            ShardCountError: the number of shards differs from the one the data was stored with.
        """
        current, shards = await self._read()
        if current and not all(shards):
            # Another process may be giving the shards their epoch at this moment.
            await asyncio.sleep(_HALF_WAY)
            current, shards = await self._read()
        if not current or any(each != current for each in shards):
            current = await self._begin(current, shards)
        self.known = current
        return current

    async def has_changed(self) -> bool:
        """Return whether the store's epoch is not the one this process knows.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        return await self._stored() != self.known

    async def _begin(self, current: str, shards: list[str]) -> str:
        # Another process may be half way through giving every shard the new epoch: finish its work
        # where a shard is behind, begin a new one only where a shard has lost what it had.
        if not current or any(not each for each in shards):
            fresh = f"{secrets.randbits(60):x}"
            reply = await guarded(
                self._connection.redis.eval(_REPLACE, 1, self._keys.epoch, current, fresh)
            )
            current = reply.decode()
        for shard in range(self._keys.shards):
            await guarded(
                self._connection.redis.hset(
                    self._keys.meta(shard),
                    mapping={"epoch": current, "shards": self._keys.shards},
                )
            )
        return current

    async def _read(self) -> tuple[str, list[str]]:
        current = await self._stored()
        return current, [await self._shard_epoch(shard) for shard in range(self._keys.shards)]

    async def _stored(self) -> str:
        value = await guarded(self._connection.redis.get(self._keys.epoch))
        return value.decode() if value else ""

    async def _shard_epoch(self, shard: int) -> str:
        epoch, shards = await guarded(
            self._connection.redis.hmget(self._keys.meta(shard), ["epoch", "shards"])
        )
        if shards is not None and int(shards) != self._keys.shards:
            raise ShardCountError(
                f"the live store was made with {int(shards)} shards, the settings say"
                f" {self._keys.shards}: set PRESENCE_SHARDS={int(shards)}, or use an empty Redis"
            )
        return epoch.decode() if epoch else ""

    async def is_restored(self) -> bool:
        """Return whether this epoch has been filled from history, or needed no filling.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        value = await guarded(self._connection.redis.get(self._keys.restored))
        return bool(value) and value.decode() == self.known

    async def note_restored(self) -> None:
        """Note that this epoch has been filled from history.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        await guarded(self._connection.redis.set(self._keys.restored, self.known))

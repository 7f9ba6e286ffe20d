"""Bus: changes over the Redis channel layer, one group per shard.

Flow: service -> **bus** -> channel layer -> every process's **bus** -> hub.

The layer may lose what is sent while it reconnects, and says nothing: whoever listens must compare
versions. One channel per process; the queue behind it is unbounded, so listeners never await in between.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from presence.domain.changes import Entry
from presence.domain.instant import Instant
from presence.live.log import entry_of
from presence.live.records import Committed


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """Who may see whom changed between these users: open streams must be judged again."""

    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoomsTouched:
    """Who is in these rooms, or what others see of somebody there, changed."""

    rooms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlertsFired:
    """`user` is online now, and these viewers wanted to know."""

    user: str
    at: Instant
    viewers: tuple[str, ...]


Notice = RulesChanged | RoomsTouched | AlertsFired
News = list[Entry] | Notice


class BusUnavailableError(Exception):
    """The channel layer cannot be reached. What was sent is lost; the log still has it."""


class Bus:
    """Publishing to, and hearing, every process."""

    def __init__(self, layer: Any, prefix: str, shards: int) -> None:
        """Use the groups `<prefix>.shard.<n>` and `<prefix>.notices` of `layer`."""
        self._layer = layer
        self._prefix = prefix
        self._shards = shards

    async def publish(self, shard: int, commits: Sequence[Committed]) -> None:
        """Tell every process about `commits` of one shard, oldest first. At most once.

        Raises:
            BusUnavailableError: the layer did not take it, twice.
        """
        entries = [
            [each.version, each.sub, each.at, each.payload] for each in commits if each.payload
        ]
        if entries:
            await self._send(f"{self._prefix}.shard.{shard}", {"s": shard, "e": entries})

    async def notify(self, notice: Notice) -> None:
        """Tell every process of `notice`. At most once.

        Raises:
            BusUnavailableError: the layer did not take it, twice.
        """
        message: dict[str, Any]
        match notice:
            case RulesChanged(users=users):
                message = {"u": list(users)}
            case RoomsTouched(rooms=rooms):
                message = {"r": list(rooms)}
            case AlertsFired(user=user, at=at, viewers=viewers):
                message = {"a": [user, at, list(viewers)]}
        await self._send(f"{self._prefix}.notices", message)

    async def listen(self) -> AsyncIterator[News]:
        """Yield what every process publishes, from the moment the first item is asked for.

        Ends by raising BusUnavailableError; whoever listens starts anew and reads what it missed.
        """
        channel = await self._guard(self._layer.new_channel(f"{self._prefix}-hub"))
        groups = [f"{self._prefix}.shard.{shard}" for shard in range(self._shards)]
        groups.append(f"{self._prefix}.notices")
        try:
            for group in groups:
                await self._guard(self._layer.group_add(group, channel))
            yield []  # listening: whoever waits to read state may do so now
            while True:
                yield _news(await self._guard(self._layer.receive(channel)))
        finally:
            # The layer forgets a channel but not its groups: without this they would leak.
            for group in groups:
                with contextlib.suppress(Exception, asyncio.CancelledError):
                    await self._layer.group_discard(group, channel)

    async def _send(self, group: str, message: dict[str, Any]) -> None:
        message["type"] = "presence.news"
        try:
            await self._layer.group_send(group, message)
        except Exception:  # noqa: BLE001 (the layer lets redis-py's and asyncio's through)
            # The first send after a restart of Redis finds a dead connection: a second one, a new.
            await self._guard(self._layer.group_send(group, message))

    async def _guard(self, reply: Any) -> Any:
        try:
            return await reply
        except Exception as error:
            raise BusUnavailableError(f"{type(error).__name__}: {error}") from error


def _news(message: dict[str, Any]) -> News:
    if "u" in message:
        return RulesChanged(tuple(message["u"]))
    if "r" in message:
        return RoomsTouched(tuple(message["r"]))
    if "a" in message:
        user, at, viewers = message["a"]
        return AlertsFired(user, at, tuple(viewers))
    shard = message["s"]
    return [
        entry_of(shard, version, sub, at, payload) for version, sub, at, payload in message["e"]
    ]

"""Bus: changes over the Redis channel layer, to every process.

Flow: service -> **bus** -> channel layer -> every process's **bus** -> hub.

The layer may lose what is sent while it reconnects, and says nothing: whoever listens must compare
versions. One channel per process; the queue behind it is unbounded, so listeners never await in between.
One group for all shards: a process with a few hundred streams watches somebody of every shard anyway, and
what it pays for is the message (about 150 us), hardly what is in it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from presence.domain.changes import Entry, Position
from presence.domain.instant import Instant
from presence.live.log import entry_of
from presence.live.records import Committed


class Heard(NamedTuple):
    """An entry of a shard's log as it is heard, its payload yet to be read.

    Most of what a process hears is about users whom nobody watches there: reading it all would take it
    five times as long (a tuple for the same reason).
    """

    shard: int
    position: Position
    at: Instant
    user: str
    payload: bytes

    def entry(self) -> Entry:
        """Return the entry."""
        return entry_of(self.shard, self.position, self.at, self.payload)


@dataclass(frozen=True, slots=True)
class AlertsFired:
    """`user` is online now, and these viewers wanted to know."""

    user: str
    at: Instant
    viewers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What one message tells.

    `entries`: changes, in order within a shard. `rooms`: who is there, or what others see of somebody there,
    changed. `fired`: alerts that went off. `has_new_rules`: who may see whom changed, and the log of rules
    says between whom.
    """

    entries: list[Heard]
    rooms: tuple[str, ...] = ()
    fired: tuple[AlertsFired, ...] = ()
    has_new_rules: bool = False


class BusUnavailableError(Exception):
    """The channel layer cannot be reached. What was sent is lost; the log still has it."""


class Bus:
    """Publishing to, and hearing, every process."""

    def __init__(self, layer: Any, prefix: str) -> None:
        """Use the group `<prefix>.news` of `layer`."""
        self._layer = layer
        self._channel = f"{prefix}-hub"
        self._group = f"{prefix}.news"

    async def publish(
        self,
        commits: Mapping[int, Sequence[Committed]],
        *,
        rooms: Collection[str] = (),
        fired: Sequence[AlertsFired] = (),
    ) -> None:
        """Tell every process about `commits`, by shard and oldest first, and the rest. At most once.

        Raises:
            BusUnavailableError: the layer did not take it, twice.
        """
        message: dict[str, Any] = {}
        if commits:
            message["e"] = [
                [
                    shard,
                    [
                        [each.version, each.sub, each.at, each.user, each.payload]
                        for each in changes
                    ],
                ]
                for shard, changes in commits.items()
            ]
        if rooms:
            message["r"] = list(rooms)
        if fired:
            message["a"] = [[each.user, each.at, list(each.viewers)] for each in fired]
        await self._send(message)

    async def announce_rules(self) -> None:
        """Have every process read the log of rules. At most once.

        Raises:
            BusUnavailableError: the layer did not take it, twice.
        """
        await self._send({"u": True})

    async def listen(self) -> AsyncIterator[News]:
        """Yield what every process publishes, from the moment the first item is asked for.

        Ends by raising BusUnavailableError; whoever listens starts anew and reads what it missed.
        """
        channel = await self._guard(self._layer.new_channel(self._channel))
        try:
            await self._guard(self._layer.group_add(self._group, channel))
            yield News(entries=[])  # listening: whoever waits to read state may do so now
            while True:
                yield _news(await self._guard(self._layer.receive(channel)))
        finally:
            # The layer forgets a channel but not its groups: without this they would leak.
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await self._layer.group_discard(self._group, channel)

    async def _send(self, message: dict[str, Any]) -> None:
        message["type"] = "presence.news"
        try:
            await self._layer.group_send(self._group, message)
        except Exception:  # noqa: BLE001 (the layer lets redis-py's and asyncio's through)
            # The first send after a restart of Redis finds a dead connection: a second one, a new.
            await self._guard(self._layer.group_send(self._group, message))

    async def _guard(self, reply: Any) -> Any:
        try:
            return await reply
        except Exception as error:
            raise BusUnavailableError(f"{type(error).__name__}: {error}") from error


def _news(message: dict[str, Any]) -> News:
    return News(
        entries=[
            Heard(shard, (version, sub), at, user, payload)
            for shard, changes in message.get("e", ())
            for version, sub, at, user, payload in changes
        ],
        rooms=tuple(message.get("r", ())),
        fired=tuple(
            AlertsFired(user, at, tuple(viewers)) for user, at, viewers in message.get("a", ())
        ),
        has_new_rules="u" in message,
    )

"""Gathering: one load for many callers.

Flow: use cases -> **gathering** -> one query for all keys that were asked for meanwhile.

While one load is on its way the keys of the next gather, and callers who ask for the same key share
one answer. After a deploy, thousands of streams open at once: they cost a few hundred queries.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Gathering(Generic[K, V]):
    """Answers single keys by loading many at once. One for each event loop.

    Bound: one future per distinct key that somebody waits for right now; nothing is remembered.
    """

    def __init__(self, load: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], most: int) -> None:
        """Load by `load`, at most `most` keys at once; it answers every key or raises."""
        self._load = load
        self._most = most
        self._wanted: dict[K, asyncio.Future[V]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V:
        """Return the value of `key`; raises what the load raised."""
        future = self._wanted.get(key)
        if future is None:
            future = self._wanted[key] = asyncio.get_running_loop().create_future()
            if self._task is None:
                self._task = asyncio.create_task(self._run())
        return await asyncio.shield(future)

    async def _run(self) -> None:
        try:
            while self._wanted:
                keys = list(self._wanted)[: self._most]
                batch = {key: self._wanted.pop(key) for key in keys}
                try:
                    values = await self._load(keys)
                    for key, future in batch.items():
                        future.set_result(values[key])
                except Exception as error:  # noqa: BLE001 (every waiting caller raises it)
                    for future in batch.values():
                        if not future.done():
                            future.set_exception(error)
                            future.exception()  # nobody may be waiting any more: that is no error
        finally:
            self._task = None

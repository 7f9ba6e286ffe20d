"""Gathering: one load for many callers.

Flow: use cases -> **gathering** -> one query for all keys that were asked for meanwhile.

While one load is on its way the keys of the next gather, and callers who ask for the same key share
one answer. After a deploy, thousands of streams open at once: they cost a few hundred queries.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class _Batch(Generic[K, V]):
    """Keys that one load will answer, and its answer."""

    __slots__ = ("answer", "keys")

    def __init__(self) -> None:
        self.keys: list[K] = []
        self.answer: asyncio.Future[Mapping[K, V]] = asyncio.get_running_loop().create_future()


class Gathering(Generic[K, V]):
    """Answers keys by loading many at once. One for each event loop.

    Bound: the distinct keys that somebody waits for right now; nothing is remembered.
    """

    def __init__(self, load: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], most: int) -> None:
        """Load by `load`, at most `most` keys at once; it answers every key or raises."""
        self._load = load
        self._most = most
        self._batches: deque[_Batch[K, V]] = deque()
        self._places: dict[K, _Batch[K, V]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V:
        """Return the value of `key`; raises what the load raised."""
        return (await self.get_all((key,)))[key]

    async def get_all(self, keys: Sequence[K]) -> dict[K, V]:
        """Return the value of each of `keys`; raises what a load raised.

        One future for a whole batch: one for each of the 200 users of each of 500 streams that open in a
        second took a fifth of the process.
        """
        batches = {self._place(key): None for key in keys}
        found: dict[K, V] = {}
        for batch in batches:
            # Shielded: who goes away must not take the answer from the others.
            values = await asyncio.shield(batch.answer)
            found.update((key, values[key]) for key in keys if key in values)
        return found

    def _place(self, key: K) -> _Batch[K, V]:
        batch = self._places.get(key)
        if batch is None:
            if not self._batches or len(self._batches[-1].keys) >= self._most:
                self._batches.append(_Batch())
            batch = self._places[key] = self._batches[-1]
            batch.keys.append(key)
            if self._task is None:
                self._task = asyncio.create_task(self._run())
        return batch

    async def _run(self) -> None:
        try:
            while self._batches:
                batch = self._batches.popleft()
                for key in batch.keys:
                    del self._places[key]
                try:
                    batch.answer.set_result(await self._load(batch.keys))
                except Exception as error:  # noqa: BLE001 (every waiting caller raises it)
                    batch.answer.set_exception(error)
                    batch.answer.exception()  # nobody may be waiting any more: that is no error
        finally:
            self._task = None

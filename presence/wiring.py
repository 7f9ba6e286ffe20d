"""Wiring: one set of parts for each event loop.

Flow: parts -> **wiring** -> surfaces.

A web process has one event loop, and with it one hub. Sync code (DRF views, the admin, commands) runs its
use cases through `call`, on a loop of its own in a background thread, so that it works under any server,
in tests and in a shell alike.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar
from weakref import WeakKeyDictionary

from presence import conf
from presence.live.connection import LiveUnavailableError
from presence.parts import Parts, join

T = TypeVar("T")

# A `call` gives up after this; every store answers or fails within a few seconds.
_CALL_WITHIN = 30.0


_joined: "WeakKeyDictionary[asyncio.AbstractEventLoop, Parts]" = WeakKeyDictionary()


def parts() -> Parts:
    """Return the parts of the running event loop, joining them the first time."""
    loop = asyncio.get_running_loop()
    found = _joined.get(loop)
    if found is None:
        found = _joined[loop] = join(conf.settings())
    return found


async def start() -> None:
    """Start the running loop's parts, as a web process does when it begins to serve.

    Raises:
        ShardCountError: the settings name another number of shards than the store has.
    """
    found = parts()
    with suppress(LiveUnavailableError):  # it may come later
        await found.epoch.ensure()
    found.start()


async def stop() -> None:
    """Close the running loop's parts."""
    found = _joined.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.close()


async def drain() -> None:
    """Take no new streams and send the open ones away, spread over the drain time."""
    found = parts()
    await found.watching.drain(found.settings.drain_after)


# --- For sync code --------------------------------------------------------------------------------


class _Background:
    """An event loop in a thread of its own, started when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                thread = threading.Thread(
                    target=self._loop.run_forever, name="presence-sync", daemon=True
                )
                thread.start()
            return self._loop


_background = _Background()


def call(use: Callable[[Parts], Awaitable[T]]) -> T:
    """Return what the coroutine `use(parts)` returns, for code that cannot await.

    Raises what `use` raises, and TimeoutError after 30 s.
    """

    async def run() -> T:
        loop = asyncio.get_running_loop()
        if loop not in _joined:
            # This loop hears no bus, so it must not remember who sees whom.
            _joined[loop] = join(replace(conf.settings(), roster_cache=timedelta(0)))
        return await use(parts())

    return asyncio.run_coroutine_threadsafe(run(), _background.loop()).result(_CALL_WITHIN)

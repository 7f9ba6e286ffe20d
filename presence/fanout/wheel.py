"""Wheel: one timer for all streams of a process.

Flow: hub -> **wheel** -> hub, later. No timer, task or coroutine per stream.

Due times are rounded up to the wheel's step, so a wheel with a thousand entries a step still costs the
event loop one call per step, and a wheel without entries none.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from math import ceil
from typing import Generic, TypeVar

T = TypeVar("T")


class Wheel(Generic[T]):
    """Calls `fire` with each added item once its delay has passed.

    Bound: one entry for each `add`; callers keep at most one entry per stream on a wheel.
    """

    def __init__(self, *, step: float, fire: Callable[[T], None]) -> None:
        """Round delays up to multiples of `step` seconds."""
        self._step = step
        self._fire = fire
        self._slots: dict[int, deque[T]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0  # kept here: a uvloop timer that is late already cannot say when it is

    def add(self, item: T, delay: float) -> None:
        """Fire `item` in `delay` seconds, or up to one step later."""
        loop = asyncio.get_running_loop()
        slot = ceil((loop.time() + delay) / self._step)
        items = self._slots.get(slot)
        if items is not None:
            items.append(item)
            return
        self._slots[slot] = deque([item])
        self._arm(loop)

    def close(self) -> None:
        """Forget every entry."""
        self._slots.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        due = min(self._slots) * self._step
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._due = due
        self._timer = loop.call_at(due, self._turn, loop)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time() + 1e-6  # call_at may come a clock tick early
        try:
            for slot in sorted(slot for slot in self._slots if slot * self._step <= now):
                items = self._slots[slot]
                while items:
                    self._fire(items.popleft())
                del self._slots[slot]
        finally:
            if self._slots:  # also when one item raised: the others have their turn right after
                self._arm(loop)

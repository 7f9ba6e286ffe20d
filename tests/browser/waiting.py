"""Waiting for a condition, as long as a slow and busy machine may need for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

WITHIN = 20.0  # seconds; a machine with nothing else to do needs far less than one


async def until(look: Callable[[], Awaitable[T]], *, within: float = WITHIN) -> T:
    """Look again and again until something true is seen, and return it."""
    give_up_at = time.monotonic() + within
    while not (seen := await look()):
        assert time.monotonic() < give_up_at, f"not seen within {within} s: {look}"
        await asyncio.sleep(0.1)
    return seen

"""Cursor: where a watcher stands; everything up to that instant in that epoch has been delivered.

Flow: snapshot, event -> **cursor** (the SSE `id`) -> client -> `Last-Event-ID` -> what changed since.
"""

import re
from dataclasses import dataclass

from presence.domain.instant import LATEST, Instant

_CURSOR = re.compile(r"([0-9a-z]{1,32})\.(\d{1,15})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """An instant within an epoch. Written `<epoch>.<milliseconds>`; opaque to clients."""

    epoch: str
    at: Instant

    def __str__(self) -> str:
        """Return the cursor as it travels."""
        return f"{self.epoch}.{self.at}"


def parse_cursor(text: str) -> Cursor:
    """Return the cursor that `text` is; raises ValueError for anything else."""
    match = _CURSOR.fullmatch(text)
    if match is None or int(match[2]) > LATEST:
        raise ValueError("a cursor is <epoch>.<milliseconds>, as this service handed it out")
    return Cursor(match[1], int(match[2]))

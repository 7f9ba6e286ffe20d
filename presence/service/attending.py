"""Attending: noting in the live store that a web process is there to be beaten to.

Flow: every fifth of what a note lasts -> **attending** -> leases.note_serving -> expiry, which holds without.
"""

import asyncio
from datetime import timedelta

import structlog

from presence.live.connection import LiveUnavailableError
from presence.live.leases import Leases
from presence.service.ending import is_ending

log = structlog.get_logger(__name__)

_NOTES = 5  # so many in a row may be late before expiry holds


class Attending:
    """Notes that this process serves."""

    def __init__(self, leases: Leases, *, lasts: timedelta) -> None:
        """Let each note last for `lasts`, shorter than any lease has left when its session beats on time."""
        self._leases = leases
        self._lasts = lasts

    async def run(self) -> None:
        """Note it until cancelled; a store that is away is tried again."""
        is_away = False
        while not is_ending():
            try:
                await self._leases.note_serving(lasts=self._lasts)
                is_away = False
            except LiveUnavailableError as error:
                if not is_away:
                    log.warning("attendance_not_noted", reason=str(error))
                is_away = True
            await asyncio.sleep(self._lasts.total_seconds() / _NOTES)

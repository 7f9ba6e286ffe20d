"""Worker: sweeps leases and writes history, until told to end.

Flow: **worker** -> service.expiry (every second), service.recording, service.restoring.

Any number may run at once: sweeps are compare-and-set, the log's entries go to one recorder each.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError

from presence import wiring
from presence.history import partitions
from presence.live.connection import LiveUnavailableError
from presence.live.epoch import ShardCountError
from presence.parts import Parts
from presence.service.database import in_database
from presence.service.errors import Unavailable

log = structlog.get_logger(__name__)

_ADOPT_INTERVAL = timedelta(seconds=30)
_PARTITIONS_INTERVAL = timedelta(hours=6)


class Command(BaseCommand):
    """Run the sweeper and the history writer."""

    help = "Sweep leases, write history, keep partitions ahead. Ends on SIGTERM or Ctrl-C."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Work until a signal says to end; what is under way is finished."""
        try:
            asyncio.run(_work())
        except ShardCountError as error:
            raise CommandError(str(error)) from None


async def _work() -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    joined = wiring.parts()
    settings = joined.settings
    with suppress(LiveUnavailableError):  # it may come later
        await joined.epoch.ensure()

    async def sweep() -> None:
        await joined.restoring.restore_if_new()
        swept = await joined.expiry.sweep()
        if swept.changes:
            log.debug("swept", users=swept.users, changes=swept.changes)
        await _count(joined, sweeps=1, swept_changes=swept.changes, held_sweeps=int(swept.is_held))

    async def record() -> None:
        while recorded := await joined.recorder.record():
            await _count(joined, recorded=recorded)
            if ending.is_set():
                break

    async def keep_months() -> None:
        await in_database(partitions.ensure)
        if settings.history_months:
            await in_database(partitions.drop_older_than, settings.history_months)

    async with asyncio.TaskGroup() as tasks:
        for job, interval in (
            (sweep, settings.sweep_interval),
            (record, settings.history_interval),
            (joined.recorder.adopt, _ADOPT_INTERVAL),
            (keep_months, _PARTITIONS_INTERVAL),
        ):
            tasks.create_task(_repeat(job, interval, ending))
    await wiring.stop()


async def _count(joined: Parts, **done: int) -> None:
    with suppress(LiveUnavailableError):  # a figure is worth no failure
        await joined.tally.add(**done)


async def _repeat(
    job: Callable[[], Awaitable[None]], interval: timedelta, ending: asyncio.Event
) -> None:
    """Run `job` every `interval`; a store that is away is tried again, at the same pace."""
    loop = asyncio.get_running_loop()
    due, has_failed = loop.time(), False
    while not ending.is_set():
        try:
            await job()
            has_failed = False
        except Unavailable as error:
            if not has_failed:
                log.warning("waiting_for_a_store", job=job.__name__, reason=error.detail)
            has_failed = True
        except Exception:
            log.exception("job_failed", job=job.__name__)
        due = max(due + interval.total_seconds(), loop.time())
        try:
            await asyncio.wait_for(ending.wait(), due - loop.time())
        except TimeoutError:
            continue

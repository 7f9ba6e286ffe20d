"""Recording: history follows the log.

Flow: change log -> **recording** -> history.writer (Postgres) -> acknowledge.

The log is the outbox. Entries are acknowledged after the commit, so a crash repeats a batch and the
writer, idempotent on (epoch, shard, version), writes it once. Postgres may be away as long as the log
is long; nothing else waits for it.
"""

import socket
from uuid import uuid4

import structlog

from presence.domain.changes import Entry
from presence.history.writer import write_changes
from presence.live.connection import LiveUnavailableError
from presence.live.epoch import Epoch
from presence.live.log import Log, logged
from presence.service.database import in_database
from presence.service.errors import Unavailable

log = structlog.get_logger(__name__)

_DEAD_AFTER_MS = 30_000  # a consumer that acknowledges nothing for so long has died


class Recorder:
    """Moves changes from the log into Postgres. Several may run: each takes other entries."""

    def __init__(self, changes: Log, epoch: Epoch, *, batch: int) -> None:
        """Write at most about `batch` changes in one transaction."""
        self._log = changes
        self._epoch = epoch
        self._batch = batch
        self._name = f"{socket.gethostname()}-{uuid4().hex[:8]}"
        self._has_joined = False
        self._has_unfinished = False

    async def record(self) -> int:
        """Write what waits; return how many entries were dealt with, 0 when there is none.

        Raises:
            Unavailable: a store did not answer; what was taken is written next time.
        """
        try:
            if not self._has_joined:
                await self._epoch.ensure()
                await self._log.join()
                self._has_joined = True
            entries = await self._take()
            if not entries:
                return 0
            self._has_unfinished = True
            await in_database(write_changes, logged(self._epoch.known, entries))
            await self._log.acknowledge(entries)
            self._has_unfinished = False
            return len(entries)
        except LiveUnavailableError as error:
            self._has_joined = False  # the store may come back empty, without the group
            self._has_unfinished = True  # what an answer that was lost has given us is ours alone
            raise Unavailable("the live store did not answer") from error

    async def _take(self) -> list[Entry]:
        """Return what this recorder took and has not written, or else what nobody has taken."""
        if self._has_unfinished:
            entries = await self._log.take(self._name, limit=self._batch, again=True)
            if entries:
                return entries
            self._has_unfinished = False
        return await self._log.take(self._name, limit=self._batch, again=False)

    async def adopt(self) -> None:
        """Take over what recorders that died have left unfinished.

        Raises:
            Unavailable: Redis did not answer.
        """
        try:
            if self._has_joined:
                await self._log.claim(self._name, idle_ms=_DEAD_AFTER_MS)
                self._has_unfinished = True
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error

    async def backlog(self) -> int:
        """Return how many entries wait.

        Raises:
            Unavailable: Redis did not answer.
        """
        try:
            return await self._log.backlog()
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error

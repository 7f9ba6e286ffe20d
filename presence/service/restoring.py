"""Restoring: after Redis lost its data, who was online stays online until a lease has passed.

Flow: new epoch -> **restoring** -> LastSeen (who was last shown as reachable) -> a session on trust each.

Without it everybody would go offline at once for the store's fault and come back within a heartbeat.
"""

import structlog

from presence.domain.signals import Signal
from presence.history.queries import reachable_after
from presence.live.connection import LiveUnavailableError
from presence.live.epoch import Epoch
from presence.service.applying import Applier
from presence.service.database import in_database
from presence.service.errors import Unavailable
from presence.service.trust import on_trust

log = structlog.get_logger(__name__)

_PAGE = 500  # users a query; commits go out 32 at a time


class Restoring:
    """Fills an empty live store from what Postgres last heard."""

    def __init__(self, epoch: Epoch, applier: Applier) -> None:
        """Restore through `applier`."""
        self._epoch = epoch
        self._applier = applier

    async def restore_if_new(self) -> int:
        """Restore once for every epoch, whichever worker comes first; return how many users.

        Raises:
            Unavailable: a store did not answer; it begins anew next time.
        """
        try:
            await self._epoch.ensure()
            if await self._epoch.is_restored():
                return 0
            count, last = 0, ""
            while page := await in_database(reachable_after, last, limit=_PAGE):
                signals: dict[str, Signal] = {
                    user: on_trust(status, devices) for user, status, devices in page
                }
                # Who has come back by now needs no trust; who did anything else has it already (applying).
                known = await self._applier.known(list(signals))
                for user in known:
                    del signals[user]
                await self._applier.apply_each(signals)
                count, last = count + len(page), page[-1][0]
            await self._epoch.note_restored()
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        if count:
            log.info("restored_from_history", users=count, epoch=self._epoch.known)
        return count

"""Restoring: after Redis lost its data, who was online stays online until a lease has passed.

Flow: new epoch -> **restoring** -> LastSeen (who was last shown as reachable) -> a session on trust each.

Without it everybody would go offline at once for the store's fault and come back within a heartbeat. The
session on trust is an ordinary one that nobody renews: whoever does not return goes offline when its
lease ends, and history says so.
"""

from collections.abc import Sequence

import structlog

from presence.domain.signals import Heartbeat, Signal
from presence.domain.status import Activity, Device, Status
from presence.history.queries import reachable_after
from presence.live.connection import LiveUnavailableError
from presence.live.epoch import Epoch
from presence.service.applying import Applier
from presence.service.database import in_database
from presence.service.errors import Unavailable

log = structlog.get_logger(__name__)

SESSION = "restored"
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
                signals = dict(_signals(page))
                # Who has come back by now needs no trust.
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


def _signals(page: Sequence[tuple[str, Status, tuple[Device, ...]]]) -> list[tuple[str, Signal]]:
    return [
        (
            user,
            Heartbeat(
                session=SESSION,
                activity=Activity.IDLE if status is Status.AWAY else Activity.ACTIVE,
                device=devices[0] if devices else Device.OTHER,
            ),
        )
        for user, status, devices in page
    ]

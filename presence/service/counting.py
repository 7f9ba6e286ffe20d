"""Counting: how many of a group are available, without saying who.

Flow: API -> **counting** -> roster (lenses, faces) -> numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from presence.domain.status import Status
from presence.service.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Of `visible` users whom the viewer may see, how many are in which status."""

    visible: int
    available: int
    reachable: int


class Counting:
    """Answers set queries."""

    def __init__(self, roster: Roster) -> None:
        """Look through the eyes of each viewer, with `roster`."""
        self._roster = roster

    async def count(self, *, viewer: str, users: Sequence[str]) -> Count:
        """Return how many of `users` are online (available) or not offline (reachable).

        Raises:
            Refused: too many users.
            Unavailable: a store did not answer.
        """
        view = await self._roster.view(viewer=viewer, users=users)
        statuses = [record.status for record in view.records]
        return Count(
            visible=len(statuses),
            available=statuses.count(Status.ONLINE.value),
            reachable=len(statuses) - statuses.count(Status.OFFLINE.value),
        )

"""Claiming: an application sets a status for a user for a while ("in a call").

Flow: API, with the right to claim -> **claiming** -> applying.

A claim lives in Redis alone: it is short, and its application makes it again after a loss.
"""

import asyncio
from datetime import timedelta

from presence.domain.claim import MAX_APP_LENGTH, MAX_LABEL_LENGTH, Claim
from presence.domain.instant import Instant, milliseconds
from presence.domain.message import check_text
from presence.domain.signals import Claimed, Unclaimed
from presence.domain.status import Status
from presence.service.applying import Applied, Applier
from presence.service.errors import NotFound, Refused

MAX_LASTS = timedelta(days=1)


class Claiming:
    """Sets and ends claims. Whether an application may do so is the surface's question."""

    def __init__(self, applier: Applier) -> None:
        """Apply through `applier`."""
        self._applier = applier

    async def claim(
        self,
        *,
        app: str,
        user: str,
        status: Status,
        label: str = "",
        priority: int = 50,
        now: Instant,
        until: Instant,
    ) -> Applied:
        """Let `app` say that `user` is `status` until `until`; replaces what it said before.

        Raises:
            Refused: a value is out of bounds; nothing changed.
            Unavailable: a store did not answer.
        """
        if not now < until <= now + milliseconds(MAX_LASTS):
            raise Refused("until", "must lie within the next 24 hours")
        if not 0 < len(app) <= MAX_APP_LENGTH:
            raise Refused("app", f"must have 1 to {MAX_APP_LENGTH} characters")
        try:
            label = check_text(label, MAX_LABEL_LENGTH)
        except ValueError as error:
            raise Refused("label", str(error)) from None
        try:
            claim = Claim(
                app=app, status=status, label=label, priority=priority, since=now, until=until
            )
        except ValueError as error:
            field = "priority" if "priority" in str(error) else "status"
            raise Refused(field, str(error)) from None
        applied = await asyncio.shield(self._applier.apply(user=user, signal=Claimed(claim=claim)))
        if app not in applied.record.claims:
            raise Refused("priority", "as many stronger claims stand as may; try a higher one")
        return applied

    async def release(self, *, app: str, user: str) -> Applied:
        """End the claim of `app`; what it covered shows again by itself.

        Raises:
            NotFound: `app` claims nothing of `user`.
            Unavailable: a store did not answer.
        """
        applied = await asyncio.shield(self._applier.apply(user=user, signal=Unclaimed(app=app)))
        if app not in applied.outcome.before.claims:
            raise NotFound
        return applied

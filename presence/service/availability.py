"""Availability: what a user chooses to be, and the message beside the dot.

Flow: API, page -> **availability** -> Standing (Postgres, its home) -> applying -> live copy.

Home first: if Redis fails after it, the next record made from home has the choice; the other way round a
restart would forget that somebody is invisible.
"""

import asyncio

from presence.domain.instant import Instant, to_datetime
from presence.domain.message import Message
from presence.domain.record import Choice
from presence.domain.signals import Chosen, MessageWritten
from presence.domain.status import Availability
from presence.models import Standing
from presence.service.applying import Applied, Applier
from presence.service.database import in_database


class Choosing:
    """Stores and applies what users choose."""

    def __init__(self, applier: Applier) -> None:
        """Apply through `applier`."""
        self._applier = applier

    async def choose(
        self, *, user: str, availability: Availability, until: Instant | None = None
    ) -> Applied:
        """Set the availability of `user`, until `until` or until chosen again.

        Raises:
            Unavailable: a store did not answer.
        """
        await in_database(_keep_choice, user, availability, until)
        signal = Chosen(choice=Choice(availability=availability, until=until))
        return await asyncio.shield(self._applier.apply(user=user, signal=signal))

    async def write_message(self, *, user: str, message: Message | None) -> Applied:
        """Set the message of `user`, or take it back.

        Raises:
            Unavailable: a store did not answer.
        """
        await in_database(_keep_message, user, message)
        signal = MessageWritten(message=message)
        return await asyncio.shield(self._applier.apply(user=user, signal=signal))


def _keep_choice(user: str, availability: Availability, until: Instant | None) -> None:
    Standing.objects.update_or_create(
        user=user,
        defaults={
            "availability": availability.value,
            "until": None if until is None else to_datetime(until),
        },
    )


def _keep_message(user: str, message: Message | None) -> None:
    until = None if message is None or message.until is None else to_datetime(message.until)
    Standing.objects.update_or_create(
        user=user,
        defaults={
            "message_text": message.text if message else "",
            "message_emoji": message.emoji if message else "",
            "message_until": until,
        },
    )

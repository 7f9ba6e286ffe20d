"""WithMessage: the columns in which a table keeps what a user wrote beside the dot.

Flow: domain.message <-> **these columns** <-> Postgres.
"""

from django.db import models

from presence.domain.instant import from_datetime
from presence.domain.message import MAX_EMOJI_LENGTH, MAX_TEXT_LENGTH, Message


class WithMessage(models.Model):
    """Has a message, or none: then text and emoji are empty."""

    message_text = models.CharField(max_length=MAX_TEXT_LENGTH, blank=True)
    message_emoji = models.CharField(max_length=MAX_EMOJI_LENGTH, blank=True)
    message_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        """No table of its own."""

        abstract = True

    def message(self) -> Message | None:
        """Return the message, over or not; None where there is none."""
        if not (self.message_text or self.message_emoji):
            return None
        return Message(
            text=self.message_text,
            emoji=self.message_emoji,
            until=from_datetime(self.message_until) if self.message_until else None,
        )

"""Standing: what a user chose and wrote, kept across reconnects and restarts.

Flow: service.availability -> **standing** (its home) -> live store (its copy).
"""

from django.db import models

from presence.domain.message import MAX_EMOJI_LENGTH, MAX_TEXT_LENGTH
from presence.domain.status import Availability
from presence.models.fields import UserIdField, choices_of, is_one_of


class Standing(models.Model):
    """One user's availability and message, each with its end or without one (null)."""

    user = UserIdField(primary_key=True)
    availability = models.CharField(
        max_length=16, choices=choices_of(Availability), default=Availability.AUTO.value
    )
    until = models.DateTimeField(null=True, blank=True)
    message_text = models.CharField(max_length=MAX_TEXT_LENGTH, blank=True)
    message_emoji = models.CharField(max_length=MAX_EMOJI_LENGTH, blank=True)
    message_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Table options."""

        db_table = "presence_standing"
        constraints = (is_one_of("availability", Availability, table="standing"),)

    def __str__(self) -> str:
        """Return the user and the choice."""
        return f"{self.user}: {self.availability}"

"""Standing: what a user chose and wrote, kept across reconnects and restarts.

Flow: service.availability -> **standing** (its home) -> live store (its copy).
"""

from django.db import models

from presence.domain.instant import from_datetime
from presence.domain.record import Choice
from presence.domain.status import Availability
from presence.models.fields import UserIdField, choices_of, is_one_of
from presence.models.message import WithMessage


class Standing(WithMessage):
    """One user's availability and message, each with its end or without one (null)."""

    user = UserIdField(primary_key=True)
    availability = models.CharField(
        max_length=16, choices=choices_of(Availability), default=Availability.AUTO.value
    )
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Table options."""

        db_table = "presence_standing"
        constraints = (is_one_of("availability", Availability, table="standing"),)
        permissions = (("claim_status", "Can claim statuses for users, as an application"),)

    def __str__(self) -> str:
        """Return the user and the choice."""
        return f"{self.user}: {self.availability}"

    def choice(self) -> Choice:
        """Return what the user chose, over or not."""
        return Choice(
            availability=Availability(self.availability),
            until=from_datetime(self.until) if self.until else None,
        )

"""Contact: one user lists another; directed, with the other's agreement.

Flow: service.contacts -> **contact** -> service.relations.
"""

from django.db import models
from django.db.models.functions import Now

from presence.models.fields import UserIdField


class ContactState(models.TextChoices):
    """How far `owner` has come with `other`."""

    REQUESTED = "requested", "Requested"
    DECLINED = "declined", "Declined"  # shown to the owner as requested: a refusal stays unsaid
    ACCEPTED = "accepted", "Accepted"


class Contact(models.Model):
    """`owner` lists `other`. Two who agreed have a row each way, both accepted."""

    owner = UserIdField()
    other = UserIdField()
    state = models.CharField(max_length=16, choices=ContactState)
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        """Table options."""

        db_table = "presence_contact"
        constraints = (
            models.UniqueConstraint(fields=("owner", "other"), name="presence_contact_once"),
            models.CheckConstraint(
                condition=~models.Q(owner=models.F("other")), name="presence_contact_not_oneself"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ContactState.values),
                name="presence_contact_state_known",
            ),
        )
        indexes = (models.Index(fields=("other", "owner"), name="presence_contact_by_other"),)

    def __str__(self) -> str:
        """Return both users and the state."""
        return f"{self.owner} → {self.other} ({self.state})"

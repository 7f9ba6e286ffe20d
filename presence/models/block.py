"""Block: one user wants to see and be seen by another no more.

Flow: service.privacy_rules -> **block** -> service.relations.
"""

from django.db import models
from django.db.models.functions import Now

from presence.models.fields import UserIdField


class Block(models.Model):
    """`owner` blocks `other`; neither sees the other."""

    owner = UserIdField()
    other = UserIdField()
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        """Table options."""

        db_table = "presence_block"
        constraints = (
            models.UniqueConstraint(fields=("owner", "other"), name="presence_block_once"),
            models.CheckConstraint(
                condition=~models.Q(owner=models.F("other")), name="presence_block_not_oneself"
            ),
        )
        indexes = (models.Index(fields=("other", "owner"), name="presence_block_by_other"),)

    def __str__(self) -> str:
        """Return both users."""
        return f"{self.owner} blocks {self.other}"

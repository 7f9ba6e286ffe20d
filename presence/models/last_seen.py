"""LastSeen: what others last saw of each user, one row a user.

Flow: history.writer -> **last_seen** -> history.queries, admin.

Made by a migration of our own (fillfactor 70, no index but the primary key): measured over 100,000 upserts,
that leaves every update heap-only, while one index on a timestamp leaves none. Who was here recently is
asked of Redis, or of the transitions.
"""

from django.db import models

from presence.domain.status import Status
from presence.models.fields import DevicesField, UserIdField, choices_of, is_one_of
from presence.models.message import WithMessage


class LastSeen(WithMessage):
    """The visible presence of a user after the last change that was applied.

    `last_seen` is the newest last proof of life ever written and never moves back; it stays while the user
    is reachable again. `epoch`, `shard` and `version` name the change applied last, `updated_at` is its
    instant on the live store's clock.
    """

    user = UserIdField(primary_key=True)
    status = models.CharField(max_length=16, choices=choices_of(Status))
    since = models.DateTimeField(null=True, blank=True)
    last_seen = models.DateTimeField(null=True, blank=True)
    devices = DevicesField(blank=True)
    epoch = models.CharField(max_length=32)
    shard = models.PositiveIntegerField()
    version = models.PositiveBigIntegerField()
    updated_at = models.DateTimeField()

    class Meta:
        """Table options."""

        db_table = "presence_last_seen"
        verbose_name = "last seen"
        verbose_name_plural = "last seen"
        # Of its own, because it shows what an invisible user hides from everyone else.
        permissions = (
            ("explain_lastseen", "Can see why a user has a status, and invisible users"),
        )
        constraints = (is_one_of("status", Status, table="last_seen"),)

    def __str__(self) -> str:
        """Return the user and the status."""
        return f"{self.user}: {self.status}"

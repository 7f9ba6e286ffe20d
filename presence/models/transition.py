"""Transition: the history, one row for each change of what others saw of a user.

Flow: history.writer -> **transition** -> history.queries, admin.

Partitioned by month on `at`, made by a migration of our own. In Postgres the primary key is (id, at), since
the key of a partitioned table holds the column it is cut by; to Django it is `id` alone, which one
sequence keeps unique, because the admin takes no composite keys. Rows are only ever added, and
dropped with their month.
"""

from django.db import models

from presence.domain.status import Status
from presence.models.fields import DevicesField, UserIdField, choices_of, is_one_of
from presence.models.message import WithMessage


class Transition(WithMessage):
    """What others saw of `user` before `at` and from then on.

    (`epoch`, `shard`, `version`) is the change's name in the log and unique. `since`, `last_seen`, `devices`
    and the message belong to the state after the change.
    """

    id = models.BigAutoField(primary_key=True)
    user = UserIdField()
    before = models.CharField(max_length=16, choices=choices_of(Status))
    after = models.CharField(max_length=16, choices=choices_of(Status))
    at = models.DateTimeField()
    since = models.DateTimeField(null=True, blank=True)
    last_seen = models.DateTimeField(null=True, blank=True)
    devices = DevicesField(blank=True)
    epoch = models.CharField(max_length=32)
    shard = models.PositiveIntegerField()
    version = models.PositiveBigIntegerField()

    class Meta:
        """Table options. The BRIN index on `at` is in the migration only: its class needs contrib.postgres."""

        db_table = "presence_transition"
        constraints = (
            is_one_of("before", Status, table="transition"),
            is_one_of("after", Status, table="transition"),
            models.UniqueConstraint(
                fields=("epoch", "shard", "version", "at"), name="presence_transition_change_once"
            ),
        )
        indexes = (models.Index(fields=("user", "-at", "-id"), name="presence_transition_user_at"),)

    def __str__(self) -> str:
        """Return the user and both statuses."""
        return f"{self.user}: {self.before} → {self.after}"

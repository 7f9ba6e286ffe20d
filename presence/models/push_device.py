"""PushDevice: a device that a push would reach while its app is asleep.

Flow: service.push_devices -> **push device** -> service.homes, service.faces.

Only that it exists, and what the site calls it: sending pushes is the site's own business.
"""

from django.db import models
from django.db.models.functions import Now

from presence.domain.ids import MAX_SESSION_LENGTH
from presence.models.fields import UserIdField


class PushDevice(models.Model):
    """A device of `user`, named as the site's push service names it."""

    user = UserIdField()
    device = models.CharField(max_length=MAX_SESSION_LENGTH)
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        """Table options."""

        db_table = "presence_push_device"
        constraints = (
            models.UniqueConstraint(fields=("user", "device"), name="presence_push_device_once"),
        )

    def __str__(self) -> str:
        """Return both names."""
        return f"{self.user}: {self.device}"

"""PrivacyRule: what a user lets others see; without a row the defaults of the settings hold.

Flow: service.privacy_rules -> **privacy rule** -> service.relations -> domain.visibility.
"""

from django.db import models

from presence.domain.visibility import Audience, Precision, Privacy
from presence.models.fields import UserIdField, choices_of, is_one_of


class PrivacyRule(models.Model):
    """One user's rule, replacing the default as a whole."""

    user = UserIdField(primary_key=True)
    status = models.CharField(max_length=16, choices=choices_of(Audience))
    last_seen = models.CharField(max_length=16, choices=choices_of(Audience))
    precision = models.CharField(max_length=16, choices=choices_of(Precision))

    class Meta:
        """Table options."""

        db_table = "presence_privacy_rule"
        constraints = (
            is_one_of("status", Audience, table="privacy_rule"),
            is_one_of("last_seen", Audience, table="privacy_rule"),
            is_one_of("precision", Precision, table="privacy_rule"),
        )

    def __str__(self) -> str:
        """Return the user and the rule."""
        return f"{self.user}: status {self.status}, last seen {self.last_seen} ({self.precision})"

    def privacy(self) -> Privacy:
        """Return the rule as the domain knows it."""
        return Privacy(
            status=Audience(self.status),
            last_seen=Audience(self.last_seen),
            precision=Precision(self.precision),
        )

"""How Django knows the app: its name, its checks, and whom it listens to."""

from django.apps import AppConfig
from django.core.checks import register


class PresenceConfig(AppConfig):
    """The one app to add to INSTALLED_APPS."""

    name = "presence"
    verbose_name = "Presence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the app's system checks, and listen to what happens to accounts."""
        # They import models, which may be imported only now.
        from presence import accounts, checks

        register(checks.settings_are_possible)
        register(checks.site_is_complete)
        register(checks.plain_redis_is_named)
        accounts.listen()

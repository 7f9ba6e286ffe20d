"""How Django knows the app."""

from django.apps import AppConfig


class PresenceConfig(AppConfig):
    """The one app to add to INSTALLED_APPS."""

    name = "presence"
    verbose_name = "Presence"
    default_auto_field = "django.db.models.BigAutoField"

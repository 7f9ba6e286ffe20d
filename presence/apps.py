"""How Django knows the app: its name, and the check that refuses impossible settings at start."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from presence.conf import settings


class PresenceConfig(AppConfig):
    """The one app to add to INSTALLED_APPS."""

    name = "presence"
    verbose_name = "Presence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the app's system checks."""
        register(settings_are_possible)


def settings_are_possible(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001  (Django says which apps to check)
    **options: Any,  # noqa: ARG001
) -> list[CheckMessage]:
    """Report a PRESENCE setting that is unknown, malformed or in contradiction with another."""
    try:
        settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="presence.E001")]
    return []

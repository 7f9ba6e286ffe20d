"""How Django knows the app: its name, and the checks that refuse at start what cannot work."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router

from presence.conf import settings
from presence.service.tokens import configured


class PresenceConfig(AppConfig):
    """The one app to add to INSTALLED_APPS."""

    name = "presence"
    verbose_name = "Presence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the app's system checks."""
        register(settings_are_possible)
        register(site_is_complete)


def settings_are_possible(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001  (Django says which apps to check)
    **options: Any,  # noqa: ARG001
) -> list[CheckMessage]:
    """Report a PRESENCE setting that is unknown, malformed or in contradiction with another."""
    try:
        settings()
        configured()  # the issuers of tokens, and the keys they sign with
    except ImproperlyConfigured as error:
        return [Error(str(error), id="presence.E001")]
    return []


def site_is_complete(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001
    **options: Any,  # noqa: ARG001
) -> list[CheckMessage]:
    """Report what a site that has just installed the app still lacks (docs/installing.md)."""
    from presence.models import Transition

    found: list[CheckMessage] = []
    alias = router.db_for_write(Transition)
    vendor = connections[alias].vendor
    if vendor != "postgresql":
        found.append(
            Error(
                f"History needs Postgres; the database {alias!r} is {vendor}.",
                hint="Point DATABASES at Postgres.",
                id="presence.E002",
            )
        )
    if "default" not in getattr(django_settings, "CHANNEL_LAYERS", {}):
        found.append(
            Error(
                "CHANNEL_LAYERS has no default: changes travel over a channel layer.",
                hint='Use "channels_redis.pubsub.RedisPubSubChannelLayer".',
                id="presence.E003",
            )
        )
    return found

"""Checks: what Django refuses at start, because it cannot work (`manage.py check`).

Flow: settings -> **checks** -> errors with hints, before anything is served.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router

from presence.conf import settings
from presence.models import Transition
from presence.service.tokens import configured


def settings_are_possible(
    app_configs: Sequence[AppConfig] | None,
    **options: Any,
) -> list[CheckMessage]:
    """Report a PRESENCE setting that is unknown, malformed or in contradiction with another."""
    try:
        settings()
        configured()  # the issuers of tokens, and the keys they sign with
    except ImproperlyConfigured as error:
        return [Error(str(error), id="presence.E001")]
    return []


def site_is_complete(
    app_configs: Sequence[AppConfig] | None,
    **options: Any,
) -> list[CheckMessage]:
    """Report what a site that has just installed the app still lacks (docs/installing.md)."""
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


def plain_redis_is_named(
    app_configs: Sequence[AppConfig] | None,
    **options: Any,
) -> list[CheckMessage]:
    """Report a channel layer or cache that is to speak to Sentinel or a Cluster, which neither can."""
    hosts = _hosts(getattr(django_settings, "CHANNEL_LAYERS", {}))
    caches: Iterable[Any] = django_settings.CACHES.values()
    locations = [each.get("LOCATION", "") for each in caches]
    found: list[CheckMessage] = []
    for what, variable, number, places in (
        ("The channel layer", "CHANNEL_REDIS_URL", 4, hosts),
        ("The cache", "CACHE_REDIS_URL", 5, locations),
    ):
        scheme = next((each for each in map(_scheme, places) if each.startswith("redis+")), None)
        if scheme:
            found.append(
                Error(
                    f"{what} is to use {scheme}://, which only the live state can.",
                    hint=f"Name a plain Redis for it, in this repository's host by {variable}.",
                    id=f"presence.E00{number}",
                )
            )
    return found


def _hosts(layers: Any) -> list[Any]:
    config = layers.get("default", {}).get("CONFIG", {})
    return [
        each.get("address", "") if isinstance(each, dict) else each
        for each in config.get("hosts", [])
    ]


def _scheme(place: Any) -> str:
    """Return the scheme of a URL, or of the first in a list of them; "" of what is none."""
    if isinstance(place, list):
        place = place[0] if place else ""
    return place.partition("://")[0] if isinstance(place, str) else ""

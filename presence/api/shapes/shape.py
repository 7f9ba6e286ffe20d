"""Shape: an object of an answer, and the fields that many have."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

NOW = "2026-11-22T20:15:00.123Z"


def instant(about: str, **options: Any) -> serializers.DateTimeField:
    """Return the field of an instant."""
    return serializers.DateTimeField(help_text=about, **options)


def enumeration(kind: type[Any], about: str = "", **options: Any) -> serializers.ChoiceField:
    """Return the field of one of the domain's words."""
    return serializers.ChoiceField(
        choices=[(member.value, member.name) for member in kind], help_text=about, **options
    )


class Shape(serializers.Serializer[Any]):
    """An object of an answer; described under its name without the ending."""

    def __init_subclass__(cls) -> None:
        """Name the component."""
        super().__init_subclass__()
        extend_schema_serializer(component_name=cls.__name__.removesuffix("Shape"))(cls)


def stale_after_ms() -> serializers.IntegerField:
    """Return the field that says how long an answer counts."""
    return serializers.IntegerField(
        help_text="After so long without a newer answer, show this as not known"
    )

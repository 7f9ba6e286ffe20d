"""What changed: the shapes of changes."""

from rest_framework import serializers

from presence.api.shapes.records import RecordShape
from presence.api.shapes.shape import Shape, enumeration, instant, stale_after_ms
from presence.domain.status import Status


class ToldShape(Shape):
    """Somebody came online whom you waited for."""

    user = serializers.CharField()
    status = enumeration(Status)
    at = instant("When")


class ChangesShape(Shape):
    """What changed."""

    users = RecordShape(many=True)
    partial = serializers.BooleanField(  # type: ignore[assignment]  # DRF's own attribute of that name
        help_text="`users` changed; otherwise they are all: forget whom you do not find here"
    )
    alerts = ToldShape(many=True)
    cursor = serializers.CharField(help_text="For the next `since`")
    stale_after_ms = stale_after_ms()

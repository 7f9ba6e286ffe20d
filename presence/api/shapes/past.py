"""What was: the shapes of history, at, activity."""

from rest_framework import serializers

from presence.api.shapes.records import MessageShape
from presence.api.shapes.shape import Shape, enumeration, instant
from presence.domain.status import Device, Status


class TransitionShape(Shape):
    """One change of what others saw of a user."""

    at = instant("When it changed")
    before = enumeration(Status)
    after = enumeration(Status)
    last_seen = instant("The last proof of life before going offline", allow_null=True)
    devices = serializers.ListField(child=enumeration(Device))
    message = MessageShape(allow_null=True)


class TransitionsShape(Shape):
    """A page of a user's history, newest first."""

    results = TransitionShape(many=True)
    next = serializers.CharField(
        allow_null=True, help_text="Give it as `cursor` for the next page; null on the last"
    )


class StatusAtShape(Shape):
    """What a user showed at an instant."""

    user = serializers.CharField()
    status = enumeration(Status)


class StatusesAtShape(Shape):
    """Who was how at an instant."""

    t = instant("The instant that was asked for")
    users = StatusAtShape(many=True)
    unknown = serializers.ListField(
        child=serializers.CharField(),
        help_text="Ids of which nothing is to be seen at that instant",
    )


class WeekShape(Shape):
    """When in the week somebody is usually here."""

    weeks = serializers.IntegerField(help_text="How many weeks are added up")
    days = serializers.ListField(
        child=serializers.ListField(
            child=serializers.IntegerField(), help_text="24 hours, in minutes"
        ),
        help_text="7 days, from Monday, UTC",
    )

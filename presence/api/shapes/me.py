"""Oneself, and what one chose: the shapes of me, privacy, sessions, why, devices."""

from rest_framework import serializers

from presence.api.shapes.records import MessageShape
from presence.api.shapes.shape import Shape, enumeration, instant
from presence.domain.derivation import Rule
from presence.domain.status import Activity, Availability, Device, Status
from presence.domain.visibility import Audience, Precision


class MeShape(Shape):
    """Oneself, with what others cannot see."""

    user = serializers.CharField()
    name = serializers.CharField()
    availability = enumeration(Availability, "What you chose")
    until = instant("When the choice ends and `auto` returns", allow_null=True)
    message = MessageShape(allow_null=True)
    status = enumeration(Status, "Your status, before invisibility")


class PrivacyShape(Shape):
    """What you let others see."""

    status = enumeration(Audience, "Who sees your status")
    last_seen = enumeration(Audience, "Who sees your last-seen")
    precision = enumeration(Precision, "How exactly they see it")


class SessionShape(Shape):
    """One of your tabs, apps or devices."""

    session = serializers.CharField()
    device = enumeration(Device)
    activity = enumeration(Activity)
    since = instant("When it first reported")
    last_beat = instant("Its last proof of life")
    last_active = instant("When it last reported to be active")
    lease_left_ms = serializers.IntegerField(help_text="Without another sign of life it ends then")
    idle = serializers.BooleanField(help_text="It counts as idle")
    leaving = serializers.BooleanField(help_text="It said goodbye, or lost its stream")
    streaming = serializers.BooleanField(help_text="It holds an open stream")
    rooms = serializers.ListField(child=serializers.CharField())


class SessionsShape(Shape):
    """Your sessions."""

    sessions = SessionShape(many=True)


class ClaimShape(Shape):
    """What an application says of you."""

    app = serializers.CharField()
    status = enumeration(Status)
    label = serializers.CharField()  # type: ignore[assignment]  # DRF's own attribute of that name
    priority = serializers.IntegerField()
    until = instant("When it ends")


class WhyShape(Shape):
    """How your status came about."""

    user = serializers.CharField()
    status = enumeration(Status, "Your status, before invisibility")
    shown = enumeration(Status, "What others see")
    rule = enumeration(Rule, "Which rule decided")
    by = serializers.CharField(allow_null=True, help_text="The session or application that decided")
    availability = enumeration(Availability)
    until = instant("When the choice ends", allow_null=True)
    sessions = SessionShape(many=True)
    claims = ClaimShape(many=True)


class DevicesShape(Shape):
    """One's devices that are registered for push."""

    devices = serializers.ListField(child=serializers.CharField())

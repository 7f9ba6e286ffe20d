"""Shapes: what the API answers with, for the OpenAPI description.

Flow: service values -> views (plain dictionaries) -> **shapes** say of what form -> /api/schema/.

Nothing is computed here: a record is written by `presence.fanout.wire`, for streams and API alike.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from presence.domain.derivation import Rule
from presence.domain.status import Activity, Availability, Device, Status
from presence.domain.visibility import Audience, Precision

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


class MessageShape(Shape):
    """The short text and emoji beside the dot."""

    text = serializers.CharField()
    emoji = serializers.CharField()
    until = instant("When it ends by itself", allow_null=True)


class OwnSessionShape(Shape):
    """A session, on one's own record."""

    id = serializers.CharField()
    device = enumeration(Device)
    activity = enumeration(Activity)
    rooms = serializers.ListField(child=serializers.CharField())


class OwnClaimShape(Shape):
    """A claim, on one's own record."""

    app = serializers.CharField()
    status = enumeration(Status)
    label = serializers.CharField()  # type: ignore[assignment]  # DRF's own attribute of that name
    until = instant("When it ends", allow_null=True)


class OwnShape(Shape):
    """What only you may see of your record."""

    availability = enumeration(Availability)
    until = instant("When the choice ends", allow_null=True)
    message = MessageShape(allow_null=True)
    sessions = OwnSessionShape(many=True)
    claims = OwnClaimShape(many=True)


class RecordShape(Shape):
    """What you may know of a user."""

    user = serializers.CharField()
    status = enumeration(Status, "What others see")
    since = instant("When the present status began", allow_null=True)
    last_seen = instant("The last proof of life; null while reachable, or hidden", allow_null=True)
    devices = serializers.ListField(child=enumeration(Device), help_text="Kinds of devices in use")
    message = MessageShape(allow_null=True)
    version = serializers.IntegerField(help_text="Grows with every change of this user")
    me = OwnShape(required=False, help_text="On your own record among changes, and nowhere else")
    reachable = serializers.BooleanField(
        required=False, help_text="Offline, but a push would reach them; left out otherwise"
    )


class RecordsShape(Shape):
    """Several records, and the ids of which there is nothing to be seen."""

    users = RecordShape(many=True)
    unknown = serializers.ListField(
        child=serializers.CharField(),
        help_text="Ids that do not exist, or that you may not see: there is no telling which",
    )
    stale_after_ms = serializers.IntegerField(
        help_text="After so long without a newer answer, show these as not known"
    )


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
    stale_after_ms = serializers.IntegerField(
        help_text="After so long without a newer answer, show these as not known"
    )


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


class PairShape(Shape):
    """A JWT pair."""

    access = serializers.CharField(help_text="For `Authorization: Bearer`, 15 minutes")
    refresh = serializers.CharField(help_text="For token/refresh/, once; 30 days")


class PresenceTokenShape(Shape):
    """A presence token."""

    token = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds")


class WeekShape(Shape):
    """When in the week somebody is usually here."""

    weeks = serializers.IntegerField(help_text="How many weeks are added up")
    days = serializers.ListField(
        child=serializers.ListField(
            child=serializers.IntegerField(), help_text="24 hours, in minutes"
        ),
        help_text="7 days, from Monday, UTC",
    )


class DevicesShape(Shape):
    """One's devices that are registered for push."""

    devices = serializers.ListField(child=serializers.CharField())


class PresenceTicketShape(Shape):
    """A ticket for one stream."""

    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds")


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


class ContactShape(Shape):
    """Somebody on a list of yours."""

    user = serializers.CharField()
    name = serializers.CharField()
    state = serializers.CharField()


class ContactsShape(Shape):
    """Your contacts."""

    contacts = ContactShape(many=True)


class BlockShape(Shape):
    """Somebody you block."""

    user = serializers.CharField()
    name = serializers.CharField()


class BlocksShape(Shape):
    """Whom you block."""

    blocks = BlockShape(many=True)


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


class RoomShape(Shape):
    """Who is in a room."""

    room = serializers.CharField()
    count = serializers.IntegerField(help_text="How many are here")
    whole = serializers.BooleanField(help_text="`users` is everybody; otherwise it is a sample")
    users = RecordShape(many=True)
    stale_after_ms = serializers.IntegerField(
        help_text="After so long without a newer answer, show this as not known"
    )


class CountShape(Shape):
    """How many of a group are available."""

    visible = serializers.IntegerField(help_text="Whom of them you may see")
    available = serializers.IntegerField(help_text="Online")
    reachable = serializers.IntegerField(help_text="Not offline")


class AlertShape(Shape):
    """A wish to be told."""

    user = serializers.CharField()
    until = instant("When the wish ends")


class AlreadyOnlineShape(Shape):
    """There is nothing to wait for."""

    user = serializers.CharField()
    status = enumeration(Status, "Always `online`")

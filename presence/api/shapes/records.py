"""What is known of people now: the shapes of records, rooms, counts."""

from rest_framework import serializers

from presence.api.shapes.shape import Shape, enumeration, instant, stale_after_ms
from presence.domain.status import Activity, Availability, Device, Status


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


class RecordAnswerShape(RecordShape):
    """What you may know of a user, and how long that counts."""

    stale_after_ms = stale_after_ms()


class RecordsShape(Shape):
    """Several records, and the ids of which there is nothing to be seen."""

    users = RecordShape(many=True)
    unknown = serializers.ListField(
        child=serializers.CharField(),
        help_text="Ids that do not exist, or that you may not see: there is no telling which",
    )
    stale_after_ms = stale_after_ms()


class RoomShape(Shape):
    """Who is in a room."""

    room = serializers.CharField()
    count = serializers.IntegerField(help_text="How many are here")
    whole = serializers.BooleanField(help_text="`users` is everybody; otherwise it is a sample")
    users = RecordShape(many=True)
    stale_after_ms = stale_after_ms()


class CountShape(Shape):
    """How many of a group are available."""

    visible = serializers.IntegerField(help_text="Whom of them you may see")
    available = serializers.IntegerField(help_text="Online")
    reachable = serializers.IntegerField(help_text="Not offline")
    stale_after_ms = stale_after_ms()

"""What proves somebody: the shapes of login, presence_token, presence_ticket."""

from rest_framework import serializers

from presence.api.shapes.shape import Shape


class PairShape(Shape):
    """A JWT pair."""

    access = serializers.CharField(help_text="For `Authorization: Bearer`, 15 minutes")
    refresh = serializers.CharField(help_text="For token/refresh/, once; 30 days")


class PresenceTokenShape(Shape):
    """A presence token."""

    token = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds")


class PresenceTicketShape(Shape):
    """A ticket for one stream."""

    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds")

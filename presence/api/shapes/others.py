"""Whom one has to do with: the shapes of contacts, blocks, alerts."""

from rest_framework import serializers

from presence.api.shapes.shape import Shape, enumeration, instant
from presence.domain.status import Status


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


class AlertShape(Shape):
    """A wish to be told."""

    user = serializers.CharField()
    until = instant("When the wish ends")


class AlreadyOnlineShape(Shape):
    """There is nothing to wait for."""

    user = serializers.CharField()
    status = enumeration(Status, "Always `online`")

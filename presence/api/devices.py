"""Devices: which of one's devices a push would reach.

Flow: app -> **devices** -> service.push_devices -> `reachable` on one's record while offline.
"""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.resource import Resource
from presence.api.shapes.me import DevicesShape
from presence.domain.ids import check_session
from presence.service.errors import Refused
from presence.wiring import call


class MyDevices(Resource):
    """One's devices that are registered for push."""

    @extend_schema(
        operation_id="list_my_devices",
        summary="Which of my devices would a push reach?",
        tags=["me"],
        responses={200: DevicesShape},
    )
    def get(self, request: Request) -> Response:
        """Return the devices by name."""
        return Response({"devices": call(lambda parts: parts.push_devices.of(user=self.viewer))})


class MyDevice(Resource):
    """One of one's devices."""

    @extend_schema(
        operation_id="register_my_device",
        summary="A push reaches this device of mine",
        description="While I am offline others see `reachable: true` on my record. Sending pushes is the site's"
        " own business.",
        tags=["me"],
        request=None,
        responses={204: None},
    )
    def put(self, request: Request, device: str) -> Response:
        """Register the device; once or often is the same."""
        try:
            check_session(device)
        except ValueError as error:
            raise Refused("device", str(error).replace("a session id", "a device")) from None
        call(lambda parts: parts.push_devices.register(user=self.viewer, device=device))
        return Response(status=204)

    @extend_schema(
        operation_id="remove_my_device",
        summary="No push reaches this device of mine any more",
        tags=["me"],
        responses={204: None},
    )
    def delete(self, request: Request, device: str) -> Response:
        """Take the device out."""
        call(lambda parts: parts.push_devices.remove(user=self.viewer, device=device))
        return Response(status=204)

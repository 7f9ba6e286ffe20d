"""Alerts: "tell me when 42 is online". Once, and only until an instant.

Flow: session or Bearer -> **alerts** -> service.alerting -> one's stream, or the next poll.
"""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.bodies import Body, FutureInstant, UserId
from presence.api.resource import Resource
from presence.api.shapes.others import AlertShape, AlreadyOnlineShape
from presence.domain.instant import format_instant, from_datetime, milliseconds
from presence.domain.status import Status
from presence.wiring import call

DAY = timedelta(days=1)


class AlertBody(Body):
    """Whom to wait for, and how long."""

    user = UserId()
    until = FutureInstant(
        required=False,
        allow_null=True,
        default=None,
        help_text="When to stop waiting, within 30 days; a day from now unless said",
    )


class MyAlerts(Resource):
    """What one waits for."""

    @extend_schema(
        operation_id="add_my_alert",
        summary="Tell me when this person is online",
        description="Once, on one's open streams and in the next poll. Who is online already is told so at once.",
        tags=["me"],
        request=AlertBody,
        responses={201: AlertShape, 200: AlreadyOnlineShape},
        examples=[
            OpenApiExample("somebody", value={"user": "43"}, request_only=True),
            OpenApiExample(
                "waiting",
                value={"user": "43", "until": "2026-11-23T20:15:00.123Z"},
                response_only=True,
                status_codes=["201"],
            ),
            OpenApiExample(
                "there already",
                value={"user": "43", "status": "online"},
                response_only=True,
                status_codes=["200"],
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Wait."""
        said = AlertBody.said(request)
        now = from_datetime(timezone.now())
        user, viewer = said["user"], self.viewer
        until = said["until"] or now + milliseconds(DAY)
        lasts = timedelta(milliseconds=until - now)
        is_online = call(
            lambda parts: parts.alerting.ask(viewer=viewer, user=user, now=now, lasts=lasts)
        )
        if is_online:
            return Response({"user": user, "status": Status.ONLINE.value})
        return Response({"user": user, "until": format_instant(until)}, status=201)


class MyAlert(Resource):
    """One thing one waits for."""

    @extend_schema(
        operation_id="drop_my_alert",
        summary="Wait for this person no more",
        tags=["me"],
        responses={204: OpenApiResponse(description="Done")},
    )
    def delete(self, request: Request, user: str) -> Response:
        """Drop it."""
        viewer = self.viewer
        call(lambda parts: parts.alerting.forget(viewer=viewer, user=user))
        return Response(status=204)

"""At: who was how at an instant of the past.

Flow: instant, users -> **at** -> past (through the viewer's lenses) -> JSON.
"""

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.history import asked_instant
from presence.api.records import USERS_PARAMETER, listed_users
from presence.api.resource import Resource
from presence.api.shapes.past import StatusesAtShape
from presence.domain.instant import format_instant, from_datetime
from presence.service.past import statuses_at
from presence.wiring import call

AT_EXAMPLE = {
    "t": "2026-11-22T20:15:00.000Z",
    "users": [{"user": "42", "status": "online"}],
    "unknown": ["43"],
}


class StatusesAt(Resource):
    """Who was how."""

    @extend_schema(
        operation_id="list_statuses_at",
        summary="Who was online at that time?",
        description="Of people whose last-seen you see by the hour or the day: at the beginning of that hour or day.",
        tags=["presence"],
        parameters=[
            OpenApiParameter("t", OpenApiTypes.DATETIME, required=True, description="The instant"),
            USERS_PARAMETER,
        ],
        responses={200: StatusesAtShape},
        examples=[OpenApiExample("two", value=AT_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return the statuses of `users` at `t`."""
        at = asked_instant(request, "t")
        if at is None:
            raise ValidationError({"t": ["name the instant, for example 2026-11-22T20:15:00Z"]})
        if at > from_datetime(timezone.now()):
            raise ValidationError({"t": ["must not lie in the future"]})
        users = listed_users(request)
        self.spend("lookups", len(users))
        viewer = self.viewer
        lenses = call(lambda parts: parts.access.lenses(viewer=viewer, users=users))
        found = statuses_at(lenses=lenses, at=at)
        return Response(
            {
                "t": format_instant(at),
                "users": [
                    {"user": user, "status": found[user].value} for user in users if user in found
                ],
                "unknown": [user for user in users if user not in found],
            }
        )

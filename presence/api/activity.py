"""Activity: when in the week a person is usually here.

Flow: user, weeks -> **activity** -> past (through the viewer's lens) -> domain.rhythm.
"""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.history import COST, asked_number, lens_of
from presence.api.resource import Resource
from presence.api.shapes.past import WeekShape
from presence.service.past import rhythm_of_user

WEEKS = 4
MAX_WEEKS = 12


class Activity(Resource):
    """The rhythm of one user."""

    @extend_schema(
        operation_id="get_activity",
        summary="When in the week is this person usually here?",
        description="Minutes reachable in each hour of the week (UTC, from Monday), added up over the weeks. All"
        " zeros where the person's last-seen is hidden from you, or coarser than an hour.",
        tags=["presence"],
        parameters=[
            OpenApiParameter(
                "weeks",
                {"type": "integer", "minimum": 1, "maximum": MAX_WEEKS, "default": WEEKS},
                description="How many weeks back from now",
            )
        ],
        responses={200: WeekShape},
    )
    def get(self, request: Request, user: str) -> Response:
        """Return seven days of 24 hours."""
        weeks = asked_number(request, "weeks", default=WEEKS, most=MAX_WEEKS)
        self.spend("lookups", COST)
        lens = lens_of(viewer=self.viewer, user=user)
        return Response({"weeks": weeks, "days": rhythm_of_user(user=user, lens=lens, weeks=weeks)})

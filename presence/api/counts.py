"""Counts: how many of a group are available, without saying who.

Flow: user ids -> **counts** -> service.counting -> numbers.
"""

from typing import ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.records import QueryRecords, RecordsQuery
from presence.api.resource import Resource
from presence.api.shapes.records import CountShape
from presence.conf import settings
from presence.domain.instant import milliseconds
from presence.parts import stale_after
from presence.wiring import call

COUNT_EXAMPLE = {"visible": 3, "available": 1, "reachable": 2, "stale_after_ms": 45_000}


class Count(Resource):
    """How many of a group are available."""

    throttle_scope = "reads"
    max_body: ClassVar[int | None] = QueryRecords.max_body

    @extend_schema(
        operation_id="count_available",
        summary="Is anyone of these available, and how many?",
        description="Never says who. Only people whom you may see are counted at all: `visible` of them there are,"
        " `reachable` are not offline, `available` are online.",
        tags=["presence"],
        request=RecordsQuery,
        responses={200: CountShape},
        examples=[
            OpenApiExample("ask", value={"users": ["42", "43", "44"]}, request_only=True),
            OpenApiExample("answer", value=COUNT_EXAMPLE, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Count `users`."""
        users, viewer = RecordsQuery.said(request)["users"], self.viewer
        # A set of one tells of one person: it costs what looking them up costs.
        self.spend("lookups", len(users))
        count = call(lambda parts: parts.counting.count(viewer=viewer, users=users))
        return Response(
            {
                "visible": count.visible,
                "available": count.available,
                "reachable": count.reachable,
                "stale_after_ms": milliseconds(stale_after(settings())),
            }
        )

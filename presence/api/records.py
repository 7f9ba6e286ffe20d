"""Records: who is reachable now, one or up to 1,000 at a time.

Flow: user ids -> **records** -> roster (live, through the viewer's lens) -> JSON.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.bodies import ID_PATTERN, MAX_USERS, Body, UserIds
from presence.api.resource import Resource
from presence.api.shapes.records import RecordAnswerShape, RecordsShape
from presence.api.shapes.shape import NOW
from presence.conf import settings
from presence.domain.ids import MAX_USER_LENGTH, check_user
from presence.domain.instant import milliseconds
from presence.parts import stale_after
from presence.service.errors import NotFound
from presence.wiring import call

RECORD_EXAMPLE = {
    "user": "42",
    "status": "online",
    "since": NOW,
    "last_seen": None,
    "devices": ["web"],
    "message": {"text": "Lunch", "emoji": "🍜", "until": "2026-11-22T21:00:00.000Z"},
    "version": 17,
}
USERS_PARAMETER = OpenApiParameter(
    "users",
    {
        "type": "array",
        "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_USER_LENGTH,
            "pattern": ID_PATTERN,
        },
        "minItems": 1,
        "maxItems": MAX_USERS,
    },
    required=True,
    style="form",
    explode=False,
    description="Ids, separated by commas",
)
RECORDS_EXAMPLE = {"users": [RECORD_EXAMPLE], "unknown": ["43"], "stale_after_ms": 45_000}


def view_records(*, viewer: str, users: Sequence[str]) -> dict[str, Any]:
    """Return what `viewer` may know of `users`, and the ids of which that is nothing."""
    view = call(lambda parts: parts.roster.view(viewer=viewer, users=users))
    return {
        "users": [msgspec.to_builtins(record) for record in view.records],
        "unknown": view.unknown,
        "stale_after_ms": milliseconds(stale_after(settings())),
    }


def listed_users(request: Request) -> list[str]:
    """Return the ids in the query's `users`, raising ValidationError for what is none."""
    if not request.query_params.get("users"):
        raise ValidationError({"users": ["name up to 1,000 users, separated by commas"]})
    try:
        users: list[str] = UserIds().run_validation(request.query_params["users"].split(","))
    except ValidationError as error:
        raise ValidationError({"users": error.detail}) from None
    return users


class Record(Resource):
    """The record of one user."""

    @extend_schema(
        operation_id="get_record",
        summary="Is this person reachable right now, and if not, when were they last here?",
        tags=["presence"],
        responses={200: RecordAnswerShape},
        examples=[
            OpenApiExample(
                "online", value={**RECORD_EXAMPLE, "stale_after_ms": 45_000}, response_only=True
            )
        ],
    )
    def get(self, request: Request, user: str) -> Response:
        """Return one record."""
        try:
            check_user(user)
        except ValueError:
            raise NotFound from None  # what no user can be called is as unknown as any other id
        self.spend("lookups")
        found = view_records(viewer=self.viewer, users=[user])
        if not found["users"]:
            raise NotFound
        return Response({**found["users"][0], "stale_after_ms": found["stale_after_ms"]})


class Records(Resource):
    """The records of a few users."""

    @extend_schema(
        operation_id="list_records",
        summary="The same of several people",
        tags=["presence"],
        parameters=[
            USERS_PARAMETER,
        ],
        responses={200: RecordsShape},
        examples=[OpenApiExample("two", value=RECORDS_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return the records of `users`."""
        users = listed_users(request)
        self.spend("lookups", len(users))
        return Response(view_records(viewer=self.viewer, users=users))


class RecordsQuery(Body):
    """Whom to look up."""

    users = UserIds()


class QueryRecords(Resource):
    """The records of many users."""

    throttle_scope = "reads"
    max_body: ClassVar[int | None] = (
        256 * 1024
    )  # 1,000 ids of 128 bytes, quoted, with room for blanks

    @extend_schema(
        operation_id="query_records",
        summary="The same of up to 1,000 people",
        tags=["presence"],
        request=RecordsQuery,
        responses={200: RecordsShape},
        examples=[
            OpenApiExample("ask", value={"users": ["42", "43"]}, request_only=True),
            OpenApiExample("answer", value=RECORDS_EXAMPLE, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Return the records of `users`."""
        users = RecordsQuery.said(request)["users"]
        self.spend("lookups", len(users))
        return Response(view_records(viewer=self.viewer, users=users))

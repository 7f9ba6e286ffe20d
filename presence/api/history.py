"""History: how a user came and went.

Flow: user, from, to, cursor -> **history** -> past (through the viewer's lens) -> a page, newest first.
"""

import re
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.me import shown_instant, shown_message
from presence.api.places import read_place, write_place
from presence.api.resource import Resource
from presence.api.shapes.past import TransitionsShape
from presence.api.shapes.shape import NOW
from presence.domain.ids import check_user
from presence.domain.instant import Instant, format_instant, parse_instant
from presence.domain.visibility import Lens
from presence.history.queries import StoredTransition
from presence.service.errors import NotFound
from presence.service.past import past_of
from presence.wiring import call

PAGE = 50
MAX_PAGE = 200
# A page tells up to 200 instants where a record tells one.
COST = 10

# `+01:00` that nobody encoded arrives as a blank.
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")

_INSTANT_EXAMPLE = "2026-11-01T00:00:00Z"


def lens_of(*, viewer: str, user: str) -> Lens:
    """Return the lens through which `viewer` sees `user`; raises NotFound when there is none."""
    try:
        check_user(user)
    except ValueError:
        raise NotFound from None
    lens = call(lambda parts: parts.access.lenses(viewer=viewer, users=[user])).get(user)
    if lens is None:
        raise NotFound
    return lens


def asked_instant(request: Request, name: str) -> Instant | None:
    """Return the instant in the query, None where there is none; raises ValidationError."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return parse_instant(_LOST_PLUS.sub("+", text))
    except ValueError as error:
        raise ValidationError({name: [str(error)]}) from None


def asked_number(request: Request, name: str, *, default: int, most: int) -> int:
    """Return the number in the query, `default` where there is none; raises ValidationError."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= most:
        raise ValidationError({name: [f"a number from 1 to {most} is expected"]})
    return int(text)


def shown_transition(transition: StoredTransition) -> dict[str, Any]:
    """Return one transition as JSON."""
    after = transition.after
    return {
        "at": format_instant(transition.at),
        "before": transition.before.value,
        "after": after.status.value,
        "last_seen": shown_instant(after.last_seen),
        "devices": [device.value for device in after.devices],
        "message": shown_message(after.message),
    }


class History(Resource):
    """The history of one user."""

    @extend_schema(
        operation_id="list_transitions",
        summary="When did this person come and go?",
        description="Newest first. Instants are as exact as the person's privacy lets you see their last-seen;"
        " where that is hidden from you, the list is empty.",
        tags=["presence"],
        parameters=[
            OpenApiParameter(
                "from", OpenApiTypes.DATETIME, description=f"Not before, e.g. `{_INSTANT_EXAMPLE}`"
            ),
            OpenApiParameter("to", OpenApiTypes.DATETIME, description="Before"),
            OpenApiParameter("cursor", str, description="`next` of the page before"),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": PAGE},
                description="Length of a page",
            ),
        ],
        responses={200: TransitionsShape},
        examples=[
            OpenApiExample(
                "a page",
                response_only=True,
                value={
                    "results": [
                        {
                            "at": NOW,
                            "before": "online",
                            "after": "offline",
                            "last_seen": "2026-11-22T20:14:10.007Z",
                            "devices": [],
                            "message": None,
                        }
                    ],
                    "next": None,
                },
            )
        ],
    )
    def get(self, request: Request, user: str) -> Response:
        """Return one page."""
        since, until = asked_instant(request, "from"), asked_instant(request, "to")
        if since is not None and until is not None and since > until:
            raise ValidationError({"from": ["must not be after `to`"]})
        limit = asked_number(request, "limit", default=PAGE, most=MAX_PAGE)
        cursor = request.query_params.get("cursor")
        try:
            before = None if cursor is None else read_place(cursor, user=user)
        except ValueError as error:
            raise ValidationError({"cursor": [str(error)]}) from None
        self.spend("lookups", COST)
        page, place = past_of(
            user=user,
            lens=lens_of(viewer=self.viewer, user=user),
            since=since,
            until=until,
            before=before,
            limit=limit,
        )
        return Response(
            {
                "results": [shown_transition(each) for each in page],
                "next": None if place is None else write_place(place, user=user),
            }
        )

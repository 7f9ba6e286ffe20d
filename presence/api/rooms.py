"""Rooms: who is here.

Flow: room id -> **rooms** -> service.rooms (the site's rule, the viewer's lenses) -> JSON.
"""

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.records import RECORD_EXAMPLE
from presence.api.resource import Resource
from presence.api.shapes.records import RoomShape
from presence.conf import settings
from presence.domain.ids import check_room
from presence.domain.instant import milliseconds
from presence.parts import stale_after
from presence.service.errors import NotFound
from presence.wiring import call

ROOM_EXAMPLE = {
    "room": "lobby",
    "count": 1,
    "whole": True,
    "users": [RECORD_EXAMPLE],
    "stale_after_ms": 45_000,
}


class Room(Resource):
    """One room."""

    @extend_schema(
        operation_id="get_room",
        summary="Who is in this room?",
        description="Up to 50 people are listed (`whole`), as far as you may see them, and `count` counts those; above"
        " that `users` is a sample and `count` counts everybody. Invisible people are in no room. A room that nobody"
        " is in is empty, not missing; one that you may not watch is missing.",
        tags=["presence"],
        responses={200: RoomShape},
        examples=[OpenApiExample("one", value=ROOM_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, room: str) -> Response:
        """Return who is here."""
        try:
            check_room(room)
        except ValueError:
            raise NotFound from None
        viewer = self.viewer
        view = call(lambda parts: parts.rooms.view(viewer=viewer, room=room))
        self.spend("lookups", max(1, len(view.users)))
        shown: dict[str, Any] = msgspec.to_builtins(view)
        return Response({**shown, "stale_after_ms": milliseconds(stale_after(settings()))})

"""Changes: what changed among one's contacts since one last asked; presence by polling without a heartbeat.

Flow: cursor -> **changes** -> roster (contacts, through the viewer's lenses), alerting -> records, next cursor.
"""

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.consumer_schema import CURSOR_PATTERN
from presence.api.records import RECORD_EXAMPLE
from presence.api.resource import Resource
from presence.api.shapes.changes import ChangesShape
from presence.api.shapes.shape import NOW
from presence.domain.cursor import Cursor, parse_cursor
from presence.domain.instant import format_instant
from presence.parts import Parts
from presence.wiring import call

# Of no epoch: everything has changed since.
BEGINNING = Cursor("", 0)


class Changes(Resource):
    """What changed."""

    @extend_schema(
        operation_id="list_changes",
        summary="Who of my contacts changed since I last asked?",
        description="Without `since`: all of them. One's own record comes along when it changed, with what only one"
        " may see of oneself. Each alert is told once. A heartbeat with `since` tells the same, and renews the lease.",
        tags=["presence"],
        parameters=[
            OpenApiParameter(
                "since",
                {"type": "string", "pattern": CURSOR_PATTERN},
                description="`cursor` of the last answer, or of a stream's event",
            )
        ],
        responses={200: ChangesShape},
        examples=[
            OpenApiExample(
                "one came",
                response_only=True,
                value={
                    "users": [RECORD_EXAMPLE],
                    "partial": True,
                    "alerts": [{"user": "42", "status": "online", "at": NOW}],
                    "cursor": "1k2j3h.1795637700123",
                    "stale_after_ms": 45_000,
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Return the changes."""
        text = request.query_params.get("since")
        try:
            since = BEGINNING if text is None else parse_cursor(text)
        except ValueError as error:
            raise ValidationError({"since": [str(error)]}) from None
        viewer = self.viewer

        async def changes(parts: Parts) -> dict[str, Any]:
            if not parts.epoch.known or await parts.epoch.has_changed():
                await parts.epoch.ensure()
            epoch = parts.epoch.known
            # Asked before reading: what changes meanwhile is told again rather than never.
            now = (await parts.why.explain(user=viewer)).now
            present = Cursor(epoch, now)
            changed = await parts.roster.changes(viewer=viewer, since=since, present=present)
            told = await parts.alerting.told(viewer=viewer)
            return {
                "users": [msgspec.to_builtins(record) for record in changed.records],
                "partial": changed.partial,
                "alerts": [
                    {"user": each.user, "status": "online", "at": format_instant(each.at)}
                    for each in told
                ],
                "cursor": str(present),
                "stale_after_ms": parts.stale_after_ms,
            }

        return Response(call(changes))

"""Presence ticket: what a page of another site opens one stream with.

Flow: Bearer or session -> **presence ticket** -> `GET /presence/stream?ticket=`.
"""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.resource import Resource
from presence.api.shapes.tokens import PresenceTicketShape
from presence.wiring import call


class IssuePresenceTicket(Resource):
    """One's own ticket."""

    cache_control: ClassVar[str] = "no-store"

    @extend_schema(
        operation_id="issue_presence_ticket",
        summary="Get a ticket that opens one stream, once",
        description="For EventSource on pages of other sites, where neither a header nor the cookie goes."
        " Each reconnection needs a new one.",
        tags=["tokens"],
        request=None,
        responses={200: PresenceTicketShape},
    )
    def post(self, request: Request) -> Response:
        """Return a ticket."""
        issued = call(lambda parts: parts.ticketing.issue(proof=self.proof))
        return Response({"ticket": issued.ticket, "expires_in": issued.expires_in})

"""Claims: an application sets somebody's status for a while ("in a call").

Flow: an application's Bearer token -> **claims** -> claim_right -> service.claiming -> JSON.
"""

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.bodies import Body, CheckedText, Choice, FutureInstant
from presence.api.resource import Resource
from presence.api.shapes.me import ClaimShape
from presence.domain.claim import CLAIMABLE, MAX_LABEL_LENGTH, PRIORITIES
from presence.domain.instant import format_instant, from_datetime
from presence.domain.status import Status
from presence.service.claim_right import app_of, is_claimable
from presence.service.errors import NotFound
from presence.wiring import call

CLAIM_EXAMPLE = {
    "app": "calls",
    "status": "busy",
    "label": "In a call",
    "priority": 50,
    "until": "2026-11-22T21:00:00.000Z",
}


class ClaimBody(Body):
    """What an application says of somebody."""

    status = Choice(Status, members=sorted(CLAIMABLE))
    label = CheckedText(  # type: ignore[assignment]  # DRF's own attribute of that name
        longest=MAX_LABEL_LENGTH,
        required=False,
        allow_blank=True,
        default="",
        help_text="Shown to the person: why",
    )
    priority = serializers.IntegerField(
        required=False,
        default=50,
        min_value=PRIORITIES.start,
        max_value=PRIORITIES.stop - 1,
        help_text="Among claims the highest wins, then the youngest",
    )
    until = FutureInstant(
        help_text="When it ends by itself, within 24 hours; claim again to extend"
    )


class Claim(Resource):
    """What one application says of one person."""

    throttle_scope = "claims"

    @extend_schema(
        operation_id="claim_status",
        summary="Say how somebody is, for a while",
        description="For accounts with the permission `presence.claim_status`; the claim carries the account's user"
        " name and replaces what it claimed before. Precedence: the person's own choice, then the strongest claim, then"
        " sessions. It counts only while the person has a session. What it covers shows again when it ends.",
        tags=["claims"],
        request=ClaimBody,
        responses={200: ClaimShape},
        examples=[
            OpenApiExample(
                "a call",
                request_only=True,
                value={name: value for name, value in CLAIM_EXAMPLE.items() if name != "app"},
            ),
            OpenApiExample("claimed", value=CLAIM_EXAMPLE, response_only=True),
        ],
    )
    def put(self, request: Request, user: str) -> Response:
        """Claim."""
        app = self._app()
        values = ClaimBody.said(request)
        if not is_claimable(account=self.viewer, user=user):
            raise NotFound
        now = from_datetime(timezone.now())
        applied = call(lambda parts: parts.claiming.claim(app=app, user=user, now=now, **values))
        claim = applied.record.claims[app]
        return Response(
            {
                "app": claim.app,
                "status": claim.status.value,
                "label": claim.label,
                "priority": claim.priority,
                "until": format_instant(claim.until),
            }
        )

    @extend_schema(
        operation_id="release_status",
        summary="Take back what this application said of somebody",
        tags=["claims"],
        responses={204: OpenApiResponse(description="Done")},
    )
    def delete(self, request: Request, user: str) -> Response:
        """Release."""
        app = self._app()
        call(lambda parts: parts.claiming.release(app=app, user=user))
        return Response(status=204)

    def _app(self) -> str:
        app = app_of(self.viewer)
        if app is None:
            raise PermissionDenied
        return app

"""Privacy: what one lets others see.

Flow: session or Bearer -> **privacy** -> service.privacy_rules -> rules announced to streams.
"""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.bodies import Body, Choice
from presence.api.contacts import announce
from presence.api.resource import Resource
from presence.api.shapes.me import PrivacyShape
from presence.domain.visibility import Audience, Precision, Privacy
from presence.service.privacy_rules import privacy_of, set_privacy

PRIVACY_EXAMPLE = {"status": "everyone", "last_seen": "contacts", "precision": "day"}


class PrivacyBody(Body):
    """What others may see, as a whole."""

    status = Choice(Audience)
    last_seen = Choice(Audience)
    precision = Choice(Precision)


def shown_privacy(privacy: Privacy) -> dict[str, Any]:
    """Return `privacy` as JSON."""
    return {
        "status": privacy.status.value,
        "last_seen": privacy.last_seen.value,
        "precision": privacy.precision.value,
    }


class MyPrivacy(Resource):
    """One's privacy."""

    @extend_schema(
        operation_id="get_my_privacy",
        summary="What do others see of me?",
        tags=["me"],
        responses={200: PrivacyShape},
        examples=[OpenApiExample("careful", value=PRIVACY_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return one's privacy."""
        return Response(shown_privacy(privacy_of(self.viewer)))

    @extend_schema(
        operation_id="set_my_privacy",
        summary="Say who sees my status and my last-seen, and how exactly",
        description="Holds at once, on open streams too.",
        tags=["me"],
        request=PrivacyBody,
        responses={200: PrivacyShape},
        examples=[OpenApiExample("careful", value=PRIVACY_EXAMPLE)],
    )
    def put(self, request: Request) -> Response:
        """Set one's privacy."""
        privacy = Privacy(**PrivacyBody.said(request))
        announce(set_privacy(user=self.viewer, privacy=privacy))
        return Response(shown_privacy(privacy))

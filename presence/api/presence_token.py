"""Presence token: what pages and streams show to the consumers.

Flow: session or Bearer -> **presence token** (answer and cookie) -> heartbeat, leave, stream.

EventSource cannot set headers, so the token also comes as a cookie: HttpOnly, SameSite=Lax, and only over
HTTPS where the site's own session cookie is.
"""

from typing import ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.resource import Resource
from presence.api.shapes.tokens import PresenceTokenShape
from presence.service.tokens import Kind, issue_presence_token

COOKIE = "presence_token"


class IssuePresenceToken(Resource):
    """One's own presence token."""

    cache_control: ClassVar[str] = "no-store"

    @extend_schema(
        operation_id="issue_presence_token",
        summary="Get a presence token for the consumers, as an answer and as a cookie",
        description="Sets the cookie `presence_token` (HttpOnly, SameSite=Lax, path `/`). A presence token"
        " cannot get another one, or it would never end: authenticate by the session or an access token.",
        tags=["tokens"],
        request=None,
        responses={200: PresenceTokenShape},
    )
    def post(self, request: Request) -> Response:
        """Return a presence token, and set it as a cookie."""
        proof = self.proof
        if proof.kind is Kind.PRESENCE:
            raise PermissionDenied("a presence token cannot get another one; use an access token")
        issued = issue_presence_token(user=proof.user, login=proof.login)
        response = Response({"token": issued.token, "expires_in": issued.expires_in})
        response.set_cookie(
            COOKIE,
            issued.token,
            max_age=issued.expires_in,
            path="/",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response

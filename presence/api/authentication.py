"""Authentication: who is asking, by a Bearer token or by the page's session.

Flow: request -> **authentication** -> `Viewer` -> views, throttles.

A Bearer token costs no query (see `presence.service.tokens`), and its user need not have a Django account.
The session costs Django's two queries and demands the CSRF token on everything that changes something.
The `presence_token` cookie counts at the consumers only: here it would open a way around CSRF.
"""

from dataclasses import dataclass

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from presence.domain.instant import LATEST, from_datetime
from presence.service.revoking import login_of
from presence.service.tokens import InvalidTokenError, Kind, VerifiedToken, verify

SCHEME = "Bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Whoever asks. As much of Django's user as DRF and its neighbours look at.

    `proof` is what proved it: a token, or as much as a session amounts to.
    """

    id: str
    proof: VerifiedToken
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @property
    def pk(self) -> str:
        """Return the id, under the name that Django's users have it."""
        return self.id

    def __str__(self) -> str:
        """Return the id."""
        return self.id


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`: a presence token, an access token or an external issuer's."""

    def authenticate(self, request: Request) -> tuple[Viewer, None] | None:
        """Return the viewer; None when there is no such header."""
        scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
        if not scheme:
            return None
        if scheme.lower() != SCHEME.lower():
            raise AuthenticationFailed("Authorization is: Bearer, a blank, and the token")
        try:
            verified = verify(token.strip())
        except InvalidTokenError as error:
            raise AuthenticationFailed(str(error)) from None
        return Viewer(id=verified.user, proof=verified), None

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return SCHEME


class PageAuthentication(SessionAuthentication):
    """The session of a logged-in page, with CSRF enforced."""

    def authenticate(self, request: Request) -> tuple[Viewer, None] | None:
        """Return the viewer; None when the session has no user."""
        found = super().authenticate(request)
        if found is None:
            return None
        user = str(found[0].pk)
        now = from_datetime(timezone.now())
        session = getattr(request, "session", None)  # whatever a host logs its people in by
        login = login_of(session.session_key if session else None)
        # Good for as long as the session is: what it is shown for gets an end of its own.
        proof = VerifiedToken(
            user=user, issued_at=now, expires_at=LATEST, kind=Kind.SESSION, login=login
        )
        return Viewer(id=user, proof=proof), None

"""Login: a JWT pair for apps, from a name and a password; and its renewal.

Flow: username + password -> **login** -> access (15 minutes) + refresh (30 days) -> every other path.

Each renewal gives a new refresh token and spends the old one, so that a stolen one is worth something only until
its owner's app renews next. Guessing is bounded by failures: 10 a minute for one name from one address.
"""

import hashlib
from typing import Any

from django.contrib.auth import authenticate
from django.core.exceptions import ObjectDoesNotExist
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.serializers import TokenRefreshSerializer
from rest_framework_simplejwt.tokens import RefreshToken

from presence.api.bodies import Body, CheckedText, Text
from presence.api.resource import Resource, django_request
from presence.api.shapes.tokens import PairShape
from presence.api.throttles import AddressThrottle, address_of, spend
from presence.service.quotas import wait_before

MAX_NAME_LENGTH = 150
# The slowest hashers take time in proportion; nobody types more than this.
MAX_PASSWORD_LENGTH = 1_024


class Credentials(Body):
    """Who one is, and the proof."""

    username = CheckedText(longest=MAX_NAME_LENGTH)
    password = Text(max_length=MAX_PASSWORD_LENGTH)


class Renewal(Body):
    """A refresh token that has not been used."""

    refresh = Text(max_length=1_200)  # an RS512 one has 1,000


class _OpenDoor(Resource):
    """A path for whoever is not logged in yet."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (AddressThrottle,)
    cache_control = "no-store"

    def get_authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return "Bearer"


class Login(_OpenDoor):
    """Log in."""

    @extend_schema(
        operation_id="login",
        summary="Log in: a JWT pair for a name and a password",
        tags=["tokens"],
        auth=[],
        request=Credentials,
        responses={200: PairShape},
        examples=[
            OpenApiExample(
                "a demo person",
                request_only=True,
                value={"username": "ana", "password": "presence-demo"},
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Return a JWT pair."""
        said = Credentials.said(request)
        username, password = said["username"], said["password"]
        guesses = _guesses(request, username)
        if wait := wait_before(scope="failed_logins", ident=guesses, count=False):
            raise Throttled(wait=wait)
        user: Any = authenticate(django_request(request), username=username, password=password)
        if user is None:
            spend(scope="failed_logins", ident=guesses)
            raise AuthenticationFailed("no active account has that name and password")
        refresh = RefreshToken.for_user(user)
        return Response({"access": str(refresh.access_token), "refresh": str(refresh)})


class Renew(_OpenDoor):
    """Renew a pair."""

    @extend_schema(
        operation_id="renew_login",
        summary="Renew: a new pair for a refresh token, which is spent by that",
        tags=["tokens"],
        auth=[],
        request=Renewal,
        responses={200: PairShape},
    )
    def post(self, request: Request) -> Response:
        """Return a new pair."""
        said = Renewal.said(request)
        try:
            pair = TokenRefreshSerializer().validate(said)
        except (TokenError, ObjectDoesNotExist):
            raise AuthenticationFailed(
                "the refresh token is not valid, or was used before"
            ) from None
        return Response(pair)


def _guesses(request: Request, username: str) -> str:
    name = hashlib.blake2b(username.encode(), digest_size=8).hexdigest()
    return f"{address_of(request)}:{name}"

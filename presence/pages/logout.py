"""Logging out: the session ends, and so does what pages show to the consumers.

Flow: "Log out" -> **logout** -> the session and the cookie `presence_token` are gone.

The cookie outlives the session otherwise, and whoever has the browser next would still be heard as the last person.
"""

from typing import Any

from django.contrib.auth import views
from django.http import HttpRequest, HttpResponse

from presence.api.presence_token import COOKIE


class Logout(views.LogoutView):
    """Django's own, which takes the presence token's cookie along."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Log out, and forget the cookie."""
        response = super().post(request, *args, **kwargs)
        response.delete_cookie(COOKIE, path="/", samesite="Lax")
        return response

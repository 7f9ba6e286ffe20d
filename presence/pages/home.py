"""Home: one's people, one's own status, and what arrives on the wire.

Flow: browser -> **home** -> template; every fact then comes over the stream and the API.

The page asks the server for nothing but who is logged in, so it costs what a static page does.
"""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponseBase
from django.views.generic import TemplateView

# Nothing inline and nothing from elsewhere: the page holds the promise that the app's scripts make to others.
POLICY = "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"


class Home(LoginRequiredMixin, TemplateView):
    """The page at `/`."""

    template_name = "presence/home.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, with a policy that lets the browser check our promise."""
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-store"  # it names who is logged in
        return response

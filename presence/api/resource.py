"""Resource: what every path of the API has in common.

Flow: request -> **resource** (who, how often, how long) -> a view -> response with an ETag.
"""

import hashlib
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from presence.api.authentication import BearerAuthentication, PageAuthentication
from presence.api.errors import problem_handler
from presence.api.parsers import BoundedJSONParser
from presence.api.schema import Description
from presence.api.throttles import AddressThrottle, UserThrottle, spend
from presence.service.verified_token import VerifiedToken


class AlwaysJSON(BaseContentNegotiation):
    """Answers in JSON whatever `Accept` says, so that an error can always be told."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        """Return the parser for the request's content type, if there is one."""
        kind = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(
        self,
        request: Request,
        renderers: Any,
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer."""
        return renderers[0], renderers[0].media_type


class Resource(APIView):
    """One path. Says for itself what a host's REST_FRAMEWORK settings might say otherwise."""

    authentication_classes: Any = (BearerAuthentication, PageAuthentication)
    permission_classes: Any = (IsAuthenticated,)
    parser_classes = (BoundedJSONParser,)
    renderer_classes = (JSONRenderer,)
    throttle_classes: Any = (AddressThrottle, UserThrottle)
    content_negotiation_class = AlwaysJSON
    metadata_class = None
    schema = Description()
    max_body: ClassVar[int | None] = None
    cache_control: ClassVar[str] = "private, no-cache"

    def get_exception_handler(self) -> Any:
        """Return the handler that answers with problems, in whatever site the app is installed."""
        return problem_handler

    @property
    def viewer(self) -> str:
        """Return the id of whoever asks."""
        return str(self.request.user.pk)

    @property
    def proof(self) -> VerifiedToken:
        """Return what proves whoever asks."""
        viewer: Any = self.request.user  # a Viewer (see `authentication`), not Django's user
        proof: VerifiedToken = viewer.proof
        return proof

    def spend(self, scope: str, cost: int = 1) -> None:
        """Take `cost` out of what the viewer has in `scope`, or raise Throttled."""
        spend(scope=scope, ident=self.viewer, cost=cost)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Mark the response as the viewer's own; a read that succeeded gets an ETag."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", self.cache_control)
        patch_vary_headers(response, ("Authorization", "Cookie"))
        if request.method in {"GET", "HEAD"} and response.status_code == 200:
            response.add_post_render_callback(lambda rendered: _conditional(request, rendered))
        return response


def django_request(request: Request) -> HttpRequest:
    """Return Django's request within DRF's, which has no public name for it."""
    return request._request  # noqa: SLF001 (see above)


def _conditional(request: Request, response: Response) -> HttpResponse | None:
    """Return 304 in place of a body that the client has; all bodies of one state are equal bytes."""
    digest = hashlib.blake2b(response.content, digest_size=12).hexdigest()
    response.headers["ETag"] = f'"{digest}"'
    answer = get_conditional_response(
        django_request(request), etag=response.headers["ETag"], response=response
    )
    return None if answer is response else answer

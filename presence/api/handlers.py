"""Handlers: Django's own refusals, as problems under /api/ and as pages elsewhere.

Flow: Django finds no view, or fails before or around one -> **handlers** -> problem | page.

A host names them in its root URLconf: `handler404 = "presence.api.handlers.not_found"` and so on.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from presence.api.errors import NOTHING_HERE
from presence.service.problem import CONTENT_TYPE, Problem

_PREFIX = "/api/"


def problem_response(problem: Problem) -> HttpResponse:
    """Return `problem` as Django's response."""
    return HttpResponse(problem.to_json(), status=problem.status, content_type=CONTENT_TYPE)


@csrf_exempt
def unknown_path(request: HttpRequest, **_: object) -> HttpResponse:
    """Answer a path under the API that is none; the last of the API's routes."""
    detail = "there is no such path"
    if not request.path.endswith("/"):
        detail += "; paths of this API end in a slash"
    return problem_response(Problem(status=404, detail=detail))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer what Django refuses: an unknown host, a malformed request."""
    if not request.path.startswith(_PREFIX):
        return defaults.bad_request(request, exception)
    return problem_response(Problem(status=400, detail="the request is malformed"))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer what a middleware forbids."""
    if not request.path.startswith(_PREFIX):
        return defaults.permission_denied(request, exception)
    return problem_response(Problem(status=403, detail="you may not do that"))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer a path that leads nowhere."""
    if not request.path.startswith(_PREFIX):
        return defaults.page_not_found(request, exception)
    return problem_response(Problem(status=404, detail=NOTHING_HERE))


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer an error in a middleware, or in the making of a response."""
    if not request.path.startswith(_PREFIX):
        return defaults.server_error(request)
    return problem_response(Problem(status=500, detail="something went wrong on our side"))

"""Errors: every answer of the API that is no success, as a problem (RFC 9457).

Flow: exception in a view -> **errors** -> `presence.service.problem` -> `application/problem+json`.

Whatever is not expected here is answered with a bare 500 and logged with its traceback, which therefore
never reaches a client, in no mode.
"""

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from presence.service.errors import NotFound, Refused, Unavailable
from presence.service.problem import CONTENT_TYPE, FieldError, Problem

log = logging.getLogger(__name__)

NOTHING_HERE = "there is nothing here that you may see"
_RETRY_AFTER = 5

Headers = dict[str, str]


class TooLarge(exceptions.APIException):
    """The body is longer than this path takes."""

    status_code = 413

    def __init__(self, longest: int) -> None:
        """Say how long it may be."""
        super().__init__(f"the body is longer than {longest} bytes")


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the response to `error`; DRF's EXCEPTION_HANDLER."""
    problem, headers = _described(error)
    if problem.status == 500:
        request = context.get("request")
        log.error("error while answering", exc_info=error)
        # Error trackers and the test client listen to this; Django itself sends it only for what it catches.
        got_request_exception.send(
            sender=problem_handler, request=getattr(request, "_request", None)
        )
    set_rollback()
    return Response(
        problem.as_dict(), status=problem.status, headers=headers, content_type=CONTENT_TYPE
    )


def _described(error: Exception) -> tuple[Problem, Headers]:
    match error:
        case Refused():
            return Problem(status=400, detail=error.detail, field=error.field), {}
        case NotFound() | Http404() | exceptions.NotFound():
            return Problem(status=404, detail=NOTHING_HERE), {}
        case Unavailable():
            detail = "presence is not available at the moment"
            return Problem(status=503, detail=detail), {"Retry-After": str(error.retry_after)}
        case TimeoutError():
            detail = "presence did not answer in time"
            return Problem(status=503, detail=detail), {"Retry-After": str(_RETRY_AFTER)}
        case OperationalError() | InterfaceError():
            log.warning("database not available: %s", error)
            detail = "the database is not available at the moment"
            return Problem(status=503, detail=detail), {"Retry-After": str(_RETRY_AFTER)}
        case PermissionDenied():
            return Problem(status=403, detail="you may not do that"), {}
        case RequestDataTooBig():
            return Problem(status=413, detail="the body is too long"), {}
        case exceptions.APIException():
            return _described_by_framework(error)
        case _:
            return Problem(status=500, detail="something went wrong on our side"), {}


def _described_by_framework(error: exceptions.APIException) -> tuple[Problem, Headers]:
    match error:
        case exceptions.ValidationError():
            return _invalid(error), {}
        case exceptions.Throttled():
            wait = max(1, math.ceil(getattr(error, "wait", None) or 1))
            detail = f"too many requests; the next one is welcome in {wait} s"
            return Problem(status=429, detail=detail), {"Retry-After": str(wait)}
        case _:
            challenge = getattr(error, "auth_header", None)
            headers = {"WWW-Authenticate": str(challenge)} if challenge else {}
            return Problem(status=error.status_code, detail=_said(error.detail)), headers


def _invalid(error: exceptions.ValidationError) -> Problem:
    errors = list(_flattened(error.detail))
    first = errors[0] if errors else FieldError(field="", detail="the request is not valid")
    return Problem(status=400, detail=first.detail, field=first.field or None, errors=errors)


def _flattened(detail: Any, path: str = "") -> Iterator[FieldError]:
    """Yield each error with the dotted path of its field: `message.until`, `users.3`."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == api_settings.NON_FIELD_ERRORS_KEY else str(name)
            yield from _flattened(inner, ".".join(filter(None, (path, own))))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flattened(inner, path)
    else:
        yield FieldError(field=path, detail=str(detail))


def _said(detail: Any) -> str:
    while isinstance(detail, Mapping | list):
        values = list(detail.values()) if isinstance(detail, Mapping) else detail
        detail = values[0] if values else "the request is not valid"
    return str(detail)

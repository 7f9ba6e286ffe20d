"""Schema: what drf-spectacular cannot read out of the views, so that /api/schema/ is complete and true.

Flow: views -> drf-spectacular -> **schema** (credentials, errors, consumers) -> /api/schema/.
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from presence.api.consumer_schema import CONSUMER_PATHS
from presence.service.problem import CONTENT_TYPE

# Bodies that name a user whom one has to see.
_OF_SOMEBODY = frozenset({"add_my_alert"})
_UNSAFE = frozenset({"post", "put", "patch", "delete"})
_METHODS = _UNSAFE | {"get"}
_RETRY = {
    "Retry-After": {
        "description": "Seconds to wait before asking again",
        "schema": {"type": "integer"},
    }
}


PROBLEM = {
    "type": "object",
    "description": "An answer that is no success (RFC 9457)",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Always `about:blank`: the status is the kind"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For a person"},
        "field": {
            "type": "string",
            "description": "The first field at fault, as a path: `message.until`, `users.3`",
        },
        "errors": {
            "type": "array",
            "description": "Every field at fault, when there are several",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def _problem(about: str, example: dict[str, Any], **headers: Any) -> dict[str, Any]:
    shape = {"$ref": "#/components/schemas/Problem"}
    example = {"type": "about:blank", **example}
    content = {CONTENT_TYPE: {"schema": shape, "example": example}}
    return {"description": about, "content": content, **({"headers": headers} if headers else {})}


PROBLEMS = {
    "400": _problem(
        "What was sent is not what is expected; `field` says where",
        {
            "title": "Bad Request",
            "status": 400,
            "detail": "must be one of auto, away, busy, invisible",
            "field": "availability",
        },
    ),
    "401": _problem(
        "Nobody has proven who is asking",
        {"title": "Unauthorized", "status": 401, "detail": "the token has expired"},
        **{"WWW-Authenticate": {"description": "`Bearer`", "schema": {"type": "string"}}},
    ),
    "403": _problem(
        "Whoever is asking may not do that, or the page's CSRF token is missing",
        {"title": "Forbidden", "status": 403, "detail": "CSRF Failed: CSRF token missing."},
    ),
    "404": _problem(
        "There is nothing here that you may see; whether there is anything at all stays open",
        {
            "title": "Not Found",
            "status": 404,
            "detail": "there is nothing here that you may see",
        },
    ),
    "413": _problem(
        "The body is too long",
        {
            "title": "Request Entity Too Large",
            "status": 413,
            "detail": "the body is longer than 8192 bytes",
        },
    ),
    "415": _problem(
        "The body is not `application/json`",
        {
            "title": "Unsupported Media Type",
            "status": 415,
            "detail": 'Unsupported media type "text/csv" in request.',
        },
    ),
    "429": _problem(
        "Too many requests",
        {
            "title": "Too Many Requests",
            "status": 429,
            "detail": "too many requests; the next one is welcome in 12 s",
        },
        **_RETRY,
    ),
    "503": _problem(
        "Presence, or the database, cannot be reached at the moment",
        {
            "title": "Service Unavailable",
            "status": 503,
            "detail": "presence is not available at the moment",
        },
        **_RETRY,
    ),
}


class Description(AutoSchema):
    """How a resource describes itself, whatever DEFAULT_SCHEMA_CLASS the host has."""

    def get_description(self) -> str:  # type: ignore[override]  # DRF's own takes arguments
        """Return nothing: the docstring of a view is for whoever reads the code."""
        return ""


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular has no annotations for it
    """How a Bearer token is described."""

    target_class = "presence.api.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token, a presence token, or a token of a configured issuer",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular has no annotations for it
    """How the page's session is described."""

    target_class = "presence.api.authentication.PageAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the scheme."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The session of a logged-in page. Whatever changes something also needs the CSRF"
            " token in `X-CSRFToken`",
        }


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the consumers, every operation's errors, and that bodies hold no other fields."""
    components = result.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name, schema in schemas.items():
        if name.endswith("Request") and schema.get("type") == "object":
            schema["additionalProperties"] = False
    schemas["Problem"] = PROBLEM
    components["responses"] = {f"Problem{status}": answer for status, answer in PROBLEMS.items()}
    components.setdefault("securitySchemes", {})["presenceCookie"] = {
        "type": "apiKey",
        "in": "cookie",
        "name": "presence_token",
        "description": "The cookie that presence/token/ sets; for the consumers only",
    }
    for path, method, operation in _operations(result["paths"]):
        responses = operation["responses"]
        for status in _problems_of(path, method, operation):
            responses.setdefault(status, {"$ref": f"#/components/responses/Problem{status}"})
    result["paths"] |= CONSUMER_PATHS
    return result


def _operations(paths: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in paths.items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, method, operation


def _problems_of(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield from ("429", "503")
    takes_body = "requestBody" in operation
    if takes_body:
        yield from ("400", "413", "415")
    elif any(parameter["in"] == "query" for parameter in operation.get("parameters", ())):
        yield "400"
    if operation.get("security"):
        yield "401"
        if method in _UNSAFE:
            yield "403"
    elif takes_body:
        yield "401"  # a door that opens to a proof, and did not
    if "{" in path or operation["operationId"] in _OF_SOMEBODY:
        yield "404"
    if "{" in path and method == "put":
        yield "400"  # what is made is named by the path

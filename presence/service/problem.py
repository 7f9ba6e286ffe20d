"""Problem: what went wrong with a request, in the one shape that every surface answers with.

Flow: refusal -> **problem** -> `application/problem+json` (RFC 9457), from the consumers and the API alike.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field of several."""

    field: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One answer that is no success.

    `type` is always `about:blank`: the status is the kind, and its phrase is the title (RFC 9457 section
    4.2.1). `detail` is for a person, `field` for the program: the dotted path of the first field at
    fault, e.g. `message.until`. `errors` is there when more than one field is.
    """

    status: int
    detail: str
    field: str | None = None
    errors: Sequence[FieldError] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as its JSON object."""
        shape: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.field is not None:
            shape["field"] = self.field
        if len(self.errors) > 1:
            shape["errors"] = [{"field": one.field, "detail": one.detail} for one in self.errors]
        return shape

    def to_json(self) -> bytes:
        """Return the problem as the body of a response."""
        return json.dumps(self.as_dict(), ensure_ascii=False, separators=(",", ":")).encode()

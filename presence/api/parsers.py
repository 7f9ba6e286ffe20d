"""Parser: a bounded JSON body.

Flow: request body -> **parser** -> body serializers.

DRF reads the stream itself, past Django's DATA_UPLOAD_MAX_MEMORY_SIZE, so the bound is held here: one byte
more than the view allows is never read.
"""

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from presence.api.errors import TooLarge
from presence.conf import settings


class BoundedJSONParser(JSONParser):
    """Strict JSON, not longer than the view's `max_body` (the setting MAX_BODY where it has none)."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what the body says."""
        view = (parser_context or {}).get("view")
        longest: int = getattr(view, "max_body", None) or settings().max_body
        body = stream.read(longest + 1)
        if len(body) > longest:
            raise TooLarge(longest)
        try:
            return json.loads(body.decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            where = f": {error}" if isinstance(error, json.JSONDecodeError) else ""
            raise ParseError(f"the body is not JSON{where}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")

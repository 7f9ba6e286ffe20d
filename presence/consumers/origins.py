"""Origins: which web pages may use the consumers, and the CORS answers for those of other sites.

Flow: request -> **origins** -> consumer.

Consumers are outside of all Django middleware. A page of the same origin may do everything; pages of the
origins in the settings too, with credentials. Everybody else's browser is refused when it comes with a
cookie (a forged request), and reads nothing anyway.
"""

from collections.abc import Collection

from presence.consumers.exchange import Exchange, Headers, ProblemError
from presence.service.problem import Problem

_METHODS = b"GET, POST, OPTIONS"
_REQUEST_HEADERS = b"authorization, content-type, last-event-id, x-csrftoken"
_A_DAY = b"86400"


class Origins:
    """Judges the `Origin` of requests."""

    def __init__(self, allowed: Collection[str]) -> None:
        """Allow the origins `allowed`, e.g. `https://example.org`, besides one's own."""
        self._allowed = frozenset(origin.rstrip("/").encode() for origin in allowed)

    def is_trusted(self, exchange: Exchange) -> bool:
        """Return whether the request may act for the user whose cookie it brings."""
        origin = exchange.headers.get(b"origin")
        if origin is None:
            # No browser leaves it out of a POST; a GET without it is same-origin or a navigation.
            site = exchange.headers.get(b"sec-fetch-site", b"same-origin")
            return site in (b"same-origin", b"none")
        return origin in self._allowed or self._is_own(origin, exchange)

    def admit(self, exchange: Exchange) -> None:
        """Add the CORS headers that let an allowed page of another origin read the answer."""
        origin = exchange.headers.get(b"origin")
        if origin is not None and origin in self._allowed:
            exchange.extra = [
                (b"access-control-allow-origin", origin),
                (b"access-control-allow-credentials", b"true"),
                (b"vary", b"Origin"),
            ]

    def preflight(self, exchange: Exchange) -> Headers:
        """Return the answer's headers to a browser that asks before it sends.

        Raises:
            ProblemError: 403, the origin is not allowed.
        """
        if not exchange.extra:
            raise ProblemError(Problem(status=403, detail="this origin is not allowed"))
        return [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _REQUEST_HEADERS),
            (b"access-control-max-age", _A_DAY),
        ]

    def _is_own(self, origin: bytes, exchange: Exchange) -> bool:
        # The scheme is the proxy's business: a page and its own requests share the host.
        return origin.partition(b"://")[2] == exchange.headers.get(b"host")

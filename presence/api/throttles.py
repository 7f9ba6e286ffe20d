"""Throttles: the quotas of the API's requests.

Flow: request -> **throttles** -> service.quotas -> view, or 429 with `Retry-After`.
"""

import ipaddress

from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from presence.service.quotas import wait_before

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def spend(*, scope: str, ident: str, cost: int = 1) -> None:
    """Take `cost`, or raise Throttled."""
    wait = wait_before(scope=scope, ident=ident, cost=cost)
    if wait is not None:
        raise Throttled(wait=wait)


def address_of(request: Request) -> str:
    """Return the caller's address; of an IPv6 one the network, since a household has 2^64 of them.

    How many proxies may name the caller is DRF's NUM_PROXIES; with 0 only the connection itself does.
    """
    text = BaseThrottle().get_ident(request) or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


class AddressThrottle(BaseThrottle):
    """All requests of one address, whoever sends them."""

    waiting: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return whether the address may go on."""
        self.waiting = wait_before(scope="address", ident=address_of(request))
        return self.waiting is None

    def wait(self) -> float | None:
        """Return in how many seconds to ask again."""
        return self.waiting


class UserThrottle(AddressThrottle):
    """Reads and writes of one user, counted apart."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return whether the user may go on."""
        scope: str = getattr(
            view, "throttle_scope", "reads" if request.method in SAFE else "writes"
        )
        self.waiting = wait_before(scope=scope, ident=str(request.user.pk))
        return self.waiting is None

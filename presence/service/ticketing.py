"""Ticketing: letting a page of another site open a stream.

Flow: API (with a token in a header) -> **ticketing** -> ticket -> `?ticket=` -> stream.

EventSource sends no header, and a cookie of ours does not travel to other sites' pages. What stands in a
URL ends up in logs, so it must be worthless there: a ticket opens one stream, once, within a minute.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from time import time

from presence.live.connection import LiveUnavailableError
from presence.live.tickets import Tickets
from presence.service.errors import Unavailable
from presence.service.verified_token import Kind, VerifiedToken

LASTS = timedelta(seconds=60)
_TICKET = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket just issued; `expires_in` is in seconds."""

    ticket: str
    expires_in: int


class Ticketing:
    """Issues tickets and takes them back."""

    def __init__(self, tickets: Tickets) -> None:
        """Keep them in `tickets`."""
        self._tickets = tickets

    async def issue(self, *, proof: VerifiedToken) -> Ticket:
        """Return a ticket with which the user of `proof` may open one stream, while `proof` is good.

        Raises:
            Unavailable: Redis did not answer.
        """
        ticket = secrets.token_urlsafe(24)
        try:
            await self._tickets.keep(ticket, _written(proof), lasts=LASTS)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        return Ticket(ticket=ticket, expires_in=int(LASTS.total_seconds()))

    async def redeem(self, ticket: str) -> VerifiedToken | None:
        """Return what `ticket` was issued for, and use it up; None if it is no good (any more).

        Raises:
            Unavailable: Redis did not answer; the ticket may be used up.
        """
        if _TICKET.fullmatch(ticket) is None:
            return None
        try:
            text = await self._tickets.take(ticket)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        proof = None if text is None else _read(text)
        return None if proof is None or proof.expires_at <= time() * 1000 else proof


def _written(proof: VerifiedToken) -> str:
    return f"{proof.user} {proof.issued_at} {proof.expires_at} {proof.kind} {proof.login}"


def _read(text: str) -> VerifiedToken:
    user, issued_at, expires_at, kind, login = text.split(" ")
    return VerifiedToken(
        user=user,
        issued_at=int(issued_at),
        expires_at=int(expires_at),
        kind=Kind(kind),
        login=login,
    )

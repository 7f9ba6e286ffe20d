"""Leave: POST /presence/leave, a session says goodbye.

Flow: client (often `sendBeacon` from a closing page) -> **leave** -> service.leaving.
"""

from presence.consumers.authentication import Authentication
from presence.consumers.bodies import leave_of
from presence.consumers.endpoint import Endpoint
from presence.consumers.exchange import Exchange, refuse
from presence.parts import Parts


class LeaveConsumer(Endpoint):
    """Answers leaves with 204, whether the session was known or not."""

    method = "POST"

    async def handle(self, exchange: Exchange, joined: Parts, user_of: Authentication) -> None:
        """Start the grace, or end the session at once when the leave is final."""
        kind = exchange.headers.get(b"content-type", b"")
        if not kind.startswith((b"application/json", b"text/plain")):
            raise refuse(415, "the body must be application/json or text/plain")
        body = await exchange.body(joined.settings.max_body)
        leave = leave_of(body)
        user = user_of.user(exchange, leave.token)
        await joined.leaving.leave(user=user, session=leave.session, final=leave.final)
        await exchange.answer_empty()

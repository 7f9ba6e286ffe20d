"""Revoking: taking back what proves somebody, so that the streams opened with it end.

Flow: accounts (deactivated, deleted, new password, logged out) -> **revoking** -> live store, rules log, bus
-> admission of every process.
"""

from contextlib import suppress

from django.utils.crypto import salted_hmac

from presence.domain.instant import Instant
from presence.live.bus import Bus, BusUnavailableError
from presence.live.connection import LiveUnavailableError
from presence.live.revocations import Revocations
from presence.live.rules_log import RulesLog
from presence.service.errors import Unavailable

_SALT = "presence.service.revoking"


def login_of(session_key: str | None) -> str:
    """Return the mark of a Django session, which tokens issued to it carry; "" without a session.

    It says nothing of the key: whoever reads a token has not got the session by that.
    """
    if not session_key:
        return ""
    return salted_hmac(_SALT, session_key, algorithm="sha256").hexdigest()[:16]


def name_of(user: str, login: str) -> str:
    """Return under which name that is revoked: a login of a user, or, without one, the user."""
    return f"{user} {login}" if login else user  # there is no blank in an id (domain.ids)


class Revoking:
    """Takes proofs back."""

    def __init__(self, revocations: Revocations, rules: RulesLog, bus: Bus) -> None:
        """Note in `revocations`; tell every process by `rules`, and wake it by `bus`."""
        self._revocations = revocations
        self._rules = rules
        self._bus = bus

    async def revoke(self, *, user: str, login: str = "", at: Instant) -> None:
        """End the streams of `user` opened with what was issued before `at`; of `login` alone, if given.

        Raises:
            Unavailable: Redis did not answer; the streams end when their tokens do.
        """
        try:
            await self._revocations.note(name_of(user, login), at=at)
            await self._rules.append([user])
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        with suppress(BusUnavailableError):  # they look at the log anyway, a bit later
            await self._bus.announce_rules()

"""Rules: making it known that who may see whom has changed.

Flow: contacts, privacy_rules -> **rules** -> live store (streams that resume, and open ones), bus (a wake-up).
"""

from collections.abc import Sequence

import structlog

from presence.live.bus import Bus, BusUnavailableError
from presence.live.connection import LiveUnavailableError
from presence.live.rules_log import RulesLog
from presence.service.access import Access
from presence.service.applying import Applier
from presence.service.errors import Unavailable

log = structlog.get_logger(__name__)


class Rules:
    """Announces changed rules."""

    def __init__(self, applier: Applier, rules: RulesLog, bus: Bus, access: Access) -> None:
        """Note in `rules`, and wake by `bus` who reads it."""
        self._applier = applier
        self._log = rules
        self._bus = bus
        self._access = access

    async def announce(self, *, users: Sequence[str]) -> None:
        """Let every open stream be judged again between `users`, and every resumed one be whole.

        Raises:
            Unavailable: a store did not answer. The rule itself holds: whatever opens from now on
                obeys it, and what a process remembers it trusts for `roster_cache` at most.
        """
        self._access.forget(users)
        for user in users:
            await self._applier.stamp_rules(user=user)
        try:
            await self._log.append(users)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        try:
            await self._bus.announce_rules()
        except BusUnavailableError as error:
            log.warning(
                "not_published", reason=str(error)
            )  # they look at the log anyway, a bit later

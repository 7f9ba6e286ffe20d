"""Rules: making it known that who may see whom has changed.

Flow: contacts, privacy_rules -> **rules** -> live store (for streams that resume) and bus (for open ones).
"""

from collections.abc import Sequence

import structlog

from presence.live.bus import Bus, BusUnavailableError, RulesChanged
from presence.service.access import Access
from presence.service.applying import Applier
from presence.service.errors import Unavailable

log = structlog.get_logger(__name__)


class Rules:
    """Announces changed rules."""

    def __init__(self, applier: Applier, bus: Bus, access: Access) -> None:
        """Announce on `bus`."""
        self._applier = applier
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
            await self._bus.notify(RulesChanged(tuple(users)))
        except BusUnavailableError as error:
            raise Unavailable("the channel layer did not take the change") from error

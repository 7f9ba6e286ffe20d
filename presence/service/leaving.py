"""Leaving: a session says goodbye.

Flow: POST leave (page closed, sign-out) -> **leaving** -> applying.
"""

import asyncio

from presence.domain.signals import Leave, SignOut
from presence.service.applying import Applied, Applier


class Leaving:
    """Ends sessions at their own word."""

    def __init__(self, applier: Applier) -> None:
        """Apply through `applier`."""
        self._applier = applier

    async def leave(self, *, user: str, session: str, final: bool = False) -> Applied:
        """End `session` after the leave grace, or at once if `final` (an explicit sign-out).

        A session that is not there is left already: nothing happens.

        Raises:
            Unavailable: Redis did not answer.
        """
        signal = SignOut(session=session) if final else Leave(session=session)
        return await asyncio.shield(self._applier.apply(user=user, signal=signal))

"""Expiry: ending what has run out: silent sessions, timed choices, messages, claims.

Flow: every second -> **expiry** -> leases.due -> applying (Silence, Elapsed).

Any number of sweepers may run: each commit is compare-and-set, so of two exactly one takes effect. After
an absence of the service (no sweep, or no web process) expiry holds for one lease, so that nobody is
declared offline for the service's own absence.
"""

from dataclasses import dataclass

import structlog

from presence.domain.signals import Elapsed, Signal, Silence
from presence.live.connection import LiveUnavailableError
from presence.live.leases import Leases
from presence.service.applying import Applier
from presence.service.errors import Unavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep did: users looked at, changes that others see, and whether expiry held."""

    users: int
    changes: int
    is_held: bool


class Expiry:
    """Sweeps the live store."""

    def __init__(self, leases: Leases, applier: Applier) -> None:
        """Sweep `leases`; nothing is remembered between sweeps but whether anybody served."""
        self._leases = leases
        self._applier = applier
        self._was_served = True

    async def sweep(self) -> Swept:
        """End whatever has run out.

        Raises:
            Unavailable: Redis did not answer.
        """
        try:
            # While no web process serves, nobody can beat; when one is back, everybody gets a lease.
            is_served = await self._leases.is_served()
            hold_now = not is_served or not self._was_served
            self._was_served = is_served
            dues = await self._leases.due(hold_now=hold_now)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        signals: dict[str, Signal] = {}
        for due in dues:
            signals.update(dict.fromkeys(due.timed, Elapsed()))
            signals.update(dict.fromkeys(due.leaving, Silence(is_held=True)))
            signals.update(dict.fromkeys(due.silent, Silence()))  # Silence does all Elapsed does
        applied = await self._applier.apply_each(signals) if signals else []
        return Swept(
            users=len(signals),
            changes=sum(each.outcome.change is not None for each in applied),
            is_held=any(due.is_held for due in dues),
        )

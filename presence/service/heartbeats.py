"""Heartbeats: a session says that it lives.

Flow: POST heartbeat -> consumer -> **heartbeats** -> batch -> Redis; only if something changed -> applying.

The hot path touches no rule: nearly every heartbeat finds its own lease, which is moved in a batch with
all others of this process. Only when there is no such lease, because the session is new or reports
something else than before, is the record loaded and the rules asked.
"""

import asyncio
import random
from dataclasses import dataclass
from time import monotonic

from presence.domain.instant import Instant
from presence.domain.policy import Policy
from presence.domain.signals import Heartbeat
from presence.domain.status import Activity, Device, Status
from presence.live.batching import Batcher
from presence.live.connection import LiveUnavailableError
from presence.live.keys import Keys, beat_mark, member
from presence.live.leases import Renewal
from presence.service.applying import Applier
from presence.service.errors import Unavailable

_BURST = 3  # same beats of one session within the gap that still reach Redis
_REMEMBERED = 100_000  # sessions; at most two generations of so many, about 25 MB


@dataclass(frozen=True, slots=True)
class Beat:
    """When a heartbeat was stored, on the store's clock, and what its sender should do next.

    `status` is what others see of its user.
    """

    now: Instant
    status: Status
    lease_ms: int
    next_in_ms: int


class Heartbeats:
    """Records heartbeats. One for each event loop."""

    def __init__(
        self, batcher: Batcher, applier: Applier, keys: Keys, policy: Policy, *, gap: float
    ) -> None:
        """Answer the same beat of a session again within `gap` seconds from memory, past a burst."""
        self._batcher = batcher
        self._applier = applier
        self._keys = keys
        self._policy = policy
        self._recent = _Recent(gap)
        self._leases = {activity: policy.lease_for(activity) for activity in Activity}

    async def record(
        self,
        *,
        user: str,
        session: str,
        activity: Activity,
        device: Device = Device.WEB,
        rooms: tuple[str, ...] = (),
    ) -> Beat:
        """Renew the lease of `session`; it is in Redis when this returns.

        Raises:
            Unavailable: Redis did not answer, or too many heartbeats wait.
        """
        lease = self._leases[activity]
        name = member(user, session, beat_mark(activity, device, rooms))
        excess = self._recent.excess(name)
        if excess is not None:
            # It was stored less than the gap ago, and the lease is many gaps long.
            at, status = excess
            return Beat(at, status, lease, self._policy.next_beat_for(activity, 1.0))
        try:
            now, status = await self._batcher.submit(
                Renewal(self._keys.shard(user), name, lease, self._keys.record(user))
            )
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        if status is None:
            signal = Heartbeat(session=session, activity=activity, device=device, rooms=rooms)
            # Shielded: a client that hangs up must not leave a record half decided.
            applied = await asyncio.shield(self._applier.apply(user=user, signal=signal))
            now, status = applied.now, applied.record.face.status
        self._recent.note(name, now, status)
        return Beat(now, status, lease, self._policy.next_beat_for(activity, random.random()))


class _Recent:
    """Which beats were stored lately: two generations, each a gap long, so that nothing has a timer."""

    def __init__(self, gap: float) -> None:
        self._gap = gap
        self._turned_at = monotonic()
        self._young: dict[str, tuple[int, Instant, Status]] = {}
        self._old: dict[str, tuple[int, Instant, Status]] = {}

    def excess(self, name: str) -> tuple[Instant, Status] | None:
        """Return what was last stored for `name` if it beats too often, None if it may go on."""
        known = self._young.get(name) or self._old.get(name)
        return None if known is None or known[0] < _BURST else known[1:]

    def note(self, name: str, at: Instant, status: Status) -> None:
        """Count a stored beat."""
        now = monotonic()
        if now - self._turned_at > self._gap or len(self._young) >= _REMEMBERED:
            stale = now - self._turned_at > 2 * self._gap
            self._old, self._young = ({} if stale else self._young), {}
            self._turned_at = now
        known = self._young.get(name) or self._old.get(name)
        self._young[name] = (1 if known is None else known[0] + 1, at, status)

"""Heartbeats: a session says that it lives.

Flow: POST heartbeat -> consumer -> **heartbeats** -> batch -> Redis; only if something changed -> applying.

The hot path touches no rule: nearly every heartbeat finds its own lease, which is moved in a batch with
all others of this process. Only when there is no such lease, because the session is new or reports
something else than before, is the record loaded and the rules asked.
"""

import asyncio
import random
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from presence.domain.instant import Instant
from presence.domain.policy import Policy
from presence.domain.signals import Heartbeat
from presence.domain.status import Activity, Device, Status
from presence.live.batching import Batcher, Renewed
from presence.live.connection import LiveUnavailableError
from presence.live.keys import Keys, beat_mark, member
from presence.live.leases import Renewal
from presence.service.applying import Applier
from presence.service.errors import Unavailable
from presence.service.rooms import Rooms

_BURST = 3  # beats of one session within the gap that count as ordinary
_REMEMBERED = 100_000  # sessions; at most two generations of so many, about 25 MB


class Beat(NamedTuple):
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
        self,
        batcher: Batcher,
        applier: Applier,
        rooms: Rooms,
        keys: Keys,
        policy: Policy,
        *,
        gap: float,
    ) -> None:
        """Slow a session down that beats more than a few times within `gap` seconds."""
        self._batcher = batcher
        self._applier = applier
        self._rooms = rooms
        self._keys = keys
        self._policy = policy
        self._recent = _Recent(gap)
        self.unchanged = 0  # how many were answered so, for whoever asks (metrics)
        self.changed = 0
        self.refused = 0
        self.unavailable = 0
        self._untold = _Untold()
        self._leases = {activity: policy.lease_for(activity) for activity in Activity}

    async def record(
        self,
        *,
        user: str,
        session: str,
        activity: Activity,
        device: Device | None = None,
        rooms: tuple[str, ...] = (),
    ) -> Beat:
        """Renew the lease of `session`; it is in Redis when this returns.

        Without `device` the session keeps the one it has.

        Raises:
            Refused: a room may not be entered.
            Unavailable: Redis did not answer, or too many heartbeats wait.
        """
        lease = self._leases[activity]
        name = member(
            user, session, beat_mark(activity, device or self._untold.of(user, session), rooms)
        )
        try:
            now, found = await self._batcher.submit(
                Renewal(self._keys.shard(user), name, lease, self._keys.record(user))
            )
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        if found is None:
            await self._rooms.check_entry(user=user, rooms=rooms)
            signal = Heartbeat(session=session, activity=activity, device=device, rooms=rooms)
            # Shielded: a client that hangs up must not leave a record half decided.
            applied = await asyncio.shield(self._applier.apply(user=user, signal=signal))
            now, found = applied.now, applied.record.face.status
            self.changed += 1
            if device is None and session in applied.record.sessions:
                self._untold.note(user, session, applied.record.sessions[session].device)
        else:
            self.unchanged += 1
        return self._beat(name, activity, now, found)

    def renew(
        self,
        *,
        user: str,
        session: str,
        activity: Activity,
        device: Device | None,
        done: Callable[[Beat | None], None],
    ) -> None:
        """Go the hot path alone, without a coroutine; `done(None)` says that `record` has to look closer."""
        lease = self._leases[activity]
        name = member(
            user, session, beat_mark(activity, device or self._untold.of(user, session), ())
        )

        def answered(result: Renewed | LiveUnavailableError) -> None:
            if isinstance(result, LiveUnavailableError) or result[1] is None:
                done(None)
                return
            self.unchanged += 1
            done(self._beat(name, activity, result[0], result[1]))

        shard = self._keys.shard(user)
        self._batcher.enqueue(Renewal(shard, name, lease, self._keys.record(user)), answered)

    def _beat(self, name: str, activity: Activity, now: Instant, status: Status) -> Beat:
        # Who beats too often is not refused, only told to take the longest pause there is.
        roll = 1.0 if self._recent.is_excess(name) else random.random()
        pause = self._policy.next_beat_for(activity, roll)
        return Beat(now, status, self._leases[activity], pause)


class _Recent:
    """How often sessions beat lately: two generations, each a gap long, so that nothing has a timer."""

    def __init__(self, gap: float) -> None:
        self._gap = gap
        self._turned_at = monotonic()
        self._young: dict[str, int] = {}
        self._old: dict[str, int] = {}

    def is_excess(self, name: str) -> bool:
        """Count a beat; return whether it is one too many."""
        now = monotonic()
        if now - self._turned_at > self._gap or len(self._young) >= _REMEMBERED:
            is_stale = now - self._turned_at > 2 * self._gap
            self._old, self._young = ({} if is_stale else self._young), {}
            self._turned_at = now
        count = self._young.get(name, 0) + 1
        self._young[name] = count
        return count + self._old.get(name, 0) > _BURST


class _Untold:
    """The devices of sessions that do not say them, so that their lease is found without their record.

    A guess: whoever finds no lease by it asks the record.
    """

    def __init__(self) -> None:
        self._devices: dict[tuple[str, str], Device] = {}

    def of(self, user: str, session: str) -> Device:
        """Return the device that `session` most likely has."""
        return self._devices.get((user, session), Device.WEB)

    def note(self, user: str, session: str, device: Device) -> None:
        """Remember what the record says; the oldest is forgotten for it."""
        self._devices.pop((user, session), None)
        if device is not Device.WEB:
            if len(self._devices) >= _REMEMBERED:
                del self._devices[next(iter(self._devices))]
            self._devices[user, session] = device

"""Applying: the one way in which a signal changes a record.

Flow: signal -> load -> domain.advance -> commit -> publish: **applying** is the slow path's spine.

Compare-and-set: if somebody else changed the record meanwhile, load and decide again. A batch of signals
for different users shares its load.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from presence.domain.changes import Change, Outcome
from presence.domain.instant import Instant
from presence.domain.policy import Policy
from presence.domain.record import Record
from presence.domain.signals import (
    Chosen,
    Elapsed,
    Heartbeat,
    MessageWritten,
    Signal,
    Silence,
    StreamOpened,
)
from presence.domain.status import Status
from presence.domain.transitions import advance
from presence.live.connection import LiveUnavailableError
from presence.live.epoch import Epoch
from presence.live.records import Committed, EpochChangedError, Loaded, Records
from presence.service.alerting import Alerting
from presence.service.errors import Unavailable
from presence.service.homes import Homes
from presence.service.loading import Loading
from presence.service.publishing import Publisher
from presence.service.trust import on_trust

_TRIES = 20  # conflicts in a row on one user; each try is a chance of at least one in two
_TOGETHER = 32  # commits of one batch that are on their way at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a signal. `record` is the record after it, at `now`; its own view is that of `own_changed_at`."""

    now: Instant
    outcome: Outcome
    own_changed_at: Instant

    @property
    def record(self) -> Record:
        """Return the record after the signal."""
        return self.outcome.record


class Applier:
    """Applies signals to records."""

    def __init__(
        self,
        records: Records,
        loading: Loading,
        epoch: Epoch,
        homes: Homes,
        publisher: Publisher,
        alerting: Alerting,
        policy: Policy,
    ) -> None:
        """Join the parts of the slow path."""
        self._records = records
        self._loading = loading
        self._epoch = epoch
        self._homes = homes
        self._publisher = publisher
        self._alerting = alerting
        self._policy = policy
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def apply(self, *, user: str, signal: Signal) -> Applied:
        """Apply `signal` to the record of `user` and tell everyone who watches.

        Raises:
            Unavailable: Redis, or for a user it does not know Postgres, did not answer.
        """
        lock = self._locks.get(user)
        if lock is None:
            # One at a time for each user here, or the tabs of a browser that starts anew outrun each other.
            lock = self._locks[user] = asyncio.Lock()
        try:
            async with lock:
                loaded = await self._loading.of(user)
                return await self._commit(loaded, signal)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error

    async def apply_each(self, signals: Mapping[str, Signal]) -> list[Applied]:
        """Apply one signal to each of several users. Who conflicts is tried again on their own.

        Raises:
            Unavailable: Redis did not answer; some signals may have been applied.
        """
        gate = asyncio.Semaphore(_TOGETHER)

        async def commit(loaded: Loaded) -> Applied:
            async with gate:
                return await self._commit(loaded, signals[loaded.record.user])

        try:
            loads = await self._records.load(list(signals))
            return list(await asyncio.gather(*map(commit, loads)))
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error

    async def stamp_rules(self, *, user: str) -> None:
        """Note in the live store that who may see `user`, or whom they may see, changed now.

        Raises:
            Unavailable: a store did not answer.
        """
        try:
            loaded = await self._loading.of(user)
            if loaded.is_new and (await self._homes.of(user)).face.status is not Status.OFFLINE:
                return  # the store lost its data: whoever was here is restored first, and cursors are void
            await self._commit(loaded, None)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error

    async def known(self, users: Sequence[str]) -> frozenset[str]:
        """Return those of `users` of whom the live store has a record.

        Raises:
            Unavailable: Redis did not answer.
        """
        try:
            return frozenset(await self._records.sightings(users))
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error

    async def _commit(self, loaded: Loaded, signal: Signal | None) -> Applied:
        user = loaded.record.user
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(random.uniform(0, 0.002 * attempt))
                loaded = await self._loading.of(user)
            if loaded.is_new and isinstance(signal, Silence | Elapsed):
                # Nothing is there that could end.
                return _applied(
                    loaded, Outcome(before=loaded.record, record=loaded.record, change=None)
                )
            known, outcome = await self._decide(loaded, signal)
            if loaded.is_new and signal is not None and outcome.is_unchanged:
                return _applied(known, outcome)
            committed = await self._store(known, outcome, rules=signal is None)
            if committed is not None:
                self._publisher.publish(committed)
                if committed.alerts:
                    self._alerting.fire(user=user, at=committed.at, alerts=committed.alerts)
                return _applied(known, outcome, committed)
        raise Unavailable("the record keeps changing; try again")

    async def _decide(self, loaded: Loaded, signal: Signal | None) -> tuple[Loaded, Outcome]:
        """Ask the rules, about a new user with what Postgres knows of them.

        One who was reachable was lost with the store's data. Unless it is they who come back, they are
        trusted first, as restoring would: a choice or a rule takes nobody offline.
        """
        signals: list[Signal] = [] if signal is None else [signal]
        if loaded.is_new:
            home = await self._homes.of(loaded.record.user)
            loaded = replace(loaded, record=home.settle(loaded.record))
            face = loaded.record.face
            if face.status is not Status.OFFLINE and not isinstance(
                signal, Heartbeat | StreamOpened
            ):
                signals.insert(0, on_trust(face.status, face.devices))
        record, change = loaded.record, None
        for each in signals:
            record = advance(record, each, loaded.now, self._policy).record
        if record.face != loaded.record.face:
            change = Change(user=record.user, before=loaded.record.face, after=record.face)
        is_first = loaded.is_new and isinstance(signal, Chosen | MessageWritten)
        outcome = Outcome(before=loaded.record, record=record, change=change, is_first=is_first)
        return loaded, outcome

    async def _store(self, loaded: Loaded, outcome: Outcome, *, rules: bool) -> Committed | None:
        """Commit; None if it must be tried again, on a conflict or in a new epoch."""
        if not self._epoch.known:
            await self._epoch.ensure()
        try:
            return await self._records.commit(self._epoch.known, loaded, outcome, rules=rules)
        except EpochChangedError:
            await self._epoch.ensure()
            return None


def _applied(loaded: Loaded, outcome: Outcome, committed: Committed | None = None) -> Applied:
    # A commit without an entry in the log changed nothing that is shown.
    at = committed.at if committed and committed.payload else loaded.stamp.own_changed_at
    return Applied(now=loaded.now, outcome=outcome, own_changed_at=at)

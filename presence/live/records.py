"""Records: loading them whole, and replacing one if nobody else did meanwhile.

Flow: service -> **records** -> load.lua / commit.lua -> Redis.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import msgpack

from presence.domain.changes import Outcome
from presence.domain.face import Face
from presence.domain.instant import Instant, milliseconds
from presence.domain.policy import Policy
from presence.domain.record import Record
from presence.live.codec import (
    Stamp,
    pack_change,
    pack_own_change,
    pack_record,
    unpack_face,
    unpack_record,
    unpack_stamp,
)
from presence.live.connection import Connection, guarded
from presence.live.keys import STATUS_LETTER, STREAM_MARK, mark_of, member


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A record as it was at `now`; `is_new` if the store held none. `raw` is what commit compares."""

    now: Instant
    record: Record
    stamp: Stamp
    raw: bytes

    @property
    def is_new(self) -> bool:
        """Return whether the store knew nothing of this user."""
        return not self.raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """Where a change stands in its shard's log. `payload` is its log entry; None: nothing logged.

    `rooms` are those whose members, or what others see of one of them, changed. `alerts` are the
    viewers who asked to be told that the user is online, each with the end of the wish.
    """

    user: str
    shard: int
    version: int
    sub: int
    at: Instant
    payload: bytes | None
    rooms: tuple[str, ...] = ()
    alerts: tuple[tuple[str, Instant], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What others see of a user, and when that last changed."""

    face: Face
    stamp: Stamp


class EpochChangedError(Exception):
    """The shard belongs to another epoch than the caller believed: the store lost its data."""

    def __init__(self, epoch: str) -> None:
        """Keep the shard's `epoch`, '' when it has none."""
        super().__init__(f"the live store's epoch is {epoch or 'not set'}")
        self.epoch = epoch


class Records:
    """All records of the live store."""

    def __init__(self, connection: Connection, policy: Policy, *, log_length: int) -> None:
        """Work over `connection`; each shard's log keeps about `log_length` entries."""
        self._connection = connection
        self._keys = connection.keys
        self._policy = policy
        self._log_length = log_length

    async def load(self, users: Sequence[str]) -> list[Loaded]:
        """Return the records of `users`, in order; who is unknown gets an empty one.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        if not self._connection.is_cluster:
            return await self._load(users)
        return [each for user in users for each in await self._load([user])]

    async def _load(self, users: Sequence[str]) -> list[Loaded]:
        keys = [
            key
            for user in users
            for key in (self._keys.record(user), self._keys.leases(self._keys.shard(user)))
        ]
        now, *found = await self._connection.run("load", keys, users)
        loaded = []
        for user, (raw, scores) in zip(users, found, strict=True):
            stamp, record = Stamp(), Record(user=user)
            if raw:
                deadlines = [None if score is None else int(score) for score in scores]
                pairs = list(zip(deadlines[::2], deadlines[1::2], strict=True))
                stamp, record = unpack_record(user, raw, pairs)
            loaded.append(Loaded(now=now, record=record, stamp=stamp, raw=raw or b""))
        return loaded

    async def commit(
        self, epoch: str, loaded: Loaded, outcome: Outcome, *, rules: bool = False
    ) -> Committed | None:
        """Store `outcome` if the record is still as `loaded`; None if somebody was faster.

        Atomic: the record, its deadlines and its log entry change together or not at all. With
        `rules` it is stamped as one whose rules of who may see it have changed.

        Raises:
            EpochChangedError: the shard is not of `epoch`.
            LiveUnavailableError: Redis did not answer; the commit may or may not have happened.
        """
        record = outcome.record
        user, shard = record.user, self._keys.shard(record.user)
        scope, payload = "rules" if rules else "none", b""
        if outcome.change is not None:
            scope, payload = "public", pack_change(outcome.change)
        elif outcome.is_own_changed:
            scope, payload = "own", pack_own_change(user)
        left, entered, touched = _room_moves(loaded.record, record, is_seen=scope == "public")
        due_at = record.due_at(loaded.now, self._policy)
        reply = await self._connection.run(
            "commit",
            [
                self._keys.record(user),
                self._keys.leases(shard),
                self._keys.timers(shard),
                self._keys.log(shard),
                self._keys.meta(shard),
                self._keys.rooms(shard),
                self._keys.alerts(user),
            ],
            [
                epoch,
                loaded.raw,
                pack_record(record),
                scope,
                payload,
                self._log_length,
                milliseconds(self._policy.forget_after) if record.is_forgettable else 0,
                user,
                "" if due_at is None else due_at,
                STATUS_LETTER[record.face.status],
                msgpack.encode([left, entered]) if left or entered else "",
                *_lease_moves(loaded.record, record),
            ],
        )
        if reply[0] == b"conflict":
            return None
        if reply[0] == b"epoch":
            raise EpochChangedError(reply[1].decode())
        return Committed(
            user=user,
            shard=shard,
            at=int(reply[1]),
            version=reply[2],
            sub=reply[3],
            payload=payload or None,
            rooms=touched,
            alerts=tuple(
                (viewer.decode(), int(until))
                for viewer, until in zip(reply[4][::2], reply[4][1::2], strict=True)
            ),
        )

    async def peek(self, users: Sequence[str]) -> dict[str, tuple[Stamp, Record]]:
        """Return the records of those `users` whom the store knows, their sessions without deadlines.

        To be shown; what is to be changed has to be loaded.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        raws = zip(users, await self._raw(users), strict=True)
        return {user: unpack_record(user, raw) for user, raw in raws if raw}

    async def sightings(self, users: Sequence[str]) -> dict[str, Sighting]:
        """Return what others see of those `users` whom the store knows.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        found = {}
        for user, raw in zip(users, await self._raw(users), strict=True):
            if raw:
                stamp, face = unpack_face(raw)
                found[user] = Sighting(face=face, stamp=stamp)
        return found

    async def rules_at(self, users: Sequence[str]) -> dict[str, Instant]:
        """Return when who may see each of `users` last changed, 0 if the store knows of no change.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        raws = zip(users, await self._raw(users), strict=True)
        return {user: unpack_stamp(raw).rules_at if raw else 0 for user, raw in raws}

    async def _raw(self, users: Sequence[str]) -> list[bytes | None]:
        if not users:
            return []
        keys = [self._keys.record(user) for user in users]
        redis = self._connection.redis
        if self._connection.is_cluster:
            found: list[bytes | None] = await guarded(redis.mget_nonatomic(keys))
        else:
            found = await guarded(redis.mget(keys))
        return found


def _room_moves(
    before: Record, after: Record, *, is_seen: bool
) -> tuple[list[str], list[str], tuple[str, ...]]:
    """Return the rooms left, the rooms entered, and all in which others see a difference."""
    old, new = before.visible_rooms(), after.visible_rooms()
    left, entered = sorted(old - new), sorted(new - old)
    return left, entered, tuple(sorted(old | new) if is_seen else left + entered)


def _lease_moves(before: Record, after: Record) -> list[object]:
    """Return the triples (member, deadline as read, new deadline) that differ; '' stands for none."""
    old, new = _leases(before), _leases(after)
    moves: list[object] = []
    for name, deadline in old.items():
        if new.get(name) != deadline:
            moves += (name, deadline, new.get(name, ""))
    for name, deadline in new.items():
        if name not in old:
            moves += (name, "", deadline)
    return moves


def _leases(record: Record) -> dict[str, Instant]:
    leases = {}
    for session in record.sessions.values():
        if session.beat_until is not None:
            leases[member(record.user, session.id, mark_of(session))] = session.beat_until
        if session.stream_until is not None:
            leases[member(record.user, session.id, STREAM_MARK)] = session.stream_until
    return leases

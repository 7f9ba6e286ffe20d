"""Leases: renewing deadlines in bulk, and finding the ones that have passed.

Flow: heartbeats -> **leases** -> renew.lua; streams -> **leases** -> extend.lua; sweep -> **leases** -> due.lua.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from msgspec import msgpack

from presence.domain.instant import Instant, milliseconds
from presence.domain.status import Status
from presence.live.connection import Connection, guarded
from presence.live.keys import STATUS_LETTER, user_of

_pack = msgpack.Encoder().encode

_STATUS = {ord(letter): status for status, letter in STATUS_LETTER.items()}

SWEEP_LIMIT = (
    500  # leases per shard and sweep; 64 shards x 500 a second end 32,000 sessions a second
)
_AT_ONCE = 1_000  # leases one script call extends, in about 2 ms, so that nobody else waits long


class Renewal(NamedTuple):
    """One lease to renew: `member` of `shard`, for `lease` milliseconds from now.

    A tuple, because each heartbeat makes one: a frozen dataclass takes 0.9 us more.

    `record` is the key of the user's record, which has the status that a heartbeat is answered with.
    """

    shard: int
    member: str
    lease: int
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What has come to an end: users with silent sessions, users with a timed end.

    `is_held`: in some shard expiry holds, because the service itself had been away. Who is only `leaving`
    is of such a shard: a session of theirs has said goodbye and its grace is over.
    """

    now: Instant
    silent: frozenset[str]
    leaving: frozenset[str]
    timed: frozenset[str]
    is_held: bool


class Leases:
    """All leases of the live store."""

    def __init__(self, connection: Connection, *, hold_after: timedelta, hold: timedelta) -> None:
        """Expiry holds for `hold` after `hold_after` without a sweep."""
        self._connection = connection
        self._keys = connection.keys
        self._hold_after = milliseconds(hold_after)
        self._hold = milliseconds(hold)

    async def renew(self, renewals: Sequence[Renewal]) -> tuple[Instant, list[Status | None]]:
        """Move the deadlines that exist; return now and each user's status, None for no such lease.

        One round trip for all (one per shard on a Cluster).

        Raises:
            LiveUnavailableError: Redis did not answer; some deadlines may have moved.
        """
        if not self._connection.is_cluster:
            return await self._renew(renewals)
        by_shard: dict[int, list[int]] = {}
        for position, renewal in enumerate(renewals):
            by_shard.setdefault(renewal.shard, []).append(position)
        now = 0
        statuses: list[Status | None] = [None] * len(renewals)
        for positions in by_shard.values():
            now, found = await self._renew([renewals[each] for each in positions])
            for position, status in zip(positions, found, strict=True):
                statuses[position] = status
        return now, statuses

    async def _renew(self, renewals: Sequence[Renewal]) -> tuple[Instant, list[Status | None]]:
        keys: dict[int, int] = {}
        flat: list[int | str] = []
        for renewal in renewals:
            flat += (
                keys.setdefault(renewal.shard, len(keys) + 1),
                renewal.lease,
                renewal.member,
                renewal.record,
            )
        names = [self._keys.leases(shard) for shard in keys]
        now, letters = await self._connection.run("renew", names, [_pack(flat)])
        return now, list(map(_STATUS.get, letters))

    async def extend(self, leases: Mapping[int, Sequence[str]], *, lease: int) -> list[str]:
        """Let leases, members by shard, last `lease` milliseconds from now; return those that do not exist.

        For whoever holds many: what is of one shard is one command in Redis. 1,000 in a round trip (of
        one shard on a Cluster).

        Raises:
            LiveUnavailableError: Redis did not answer; some deadlines may have moved.
        """
        missing = []
        for batch in _batches(leases, alone=self._connection.is_cluster):
            names = [self._keys.leases(shard) for shard, _ in batch]
            found = await self._connection.run(
                "extend", names, [lease, _pack([members for _, members in batch])]
            )
            places = zip(found[::2], found[1::2], strict=True)
            missing += [batch[key - 1][1][place - 1] for key, place in places]
        return missing

    async def due(self, *, hold_now: bool = False) -> list[Due]:
        """Return what is due, and note in the store that it was looked.

        With `hold_now`, or after an absence of sweeps, leases are left alone for the hold, but for those
        of sessions that are leaving.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        dues = []
        for shards in self._connection.groups(range(self._keys.shards)):
            keys = [
                key
                for shard in shards
                for key in (
                    self._keys.leases(shard),
                    self._keys.timers(shard),
                    self._keys.meta(shard),
                )
            ]
            args = [SWEEP_LIMIT, self._hold_after, self._hold, int(hold_now)]
            now, *found = await self._connection.run("due", keys, args)
            silent, leaving = set[str](), set[str]()
            for leases, _, held in found:
                (leaving if held else silent).update(user_of(lease.decode()) for lease in leases)
            timed = {user.decode() for _, users, _ in found for user in users}
            dues.append(
                Due(
                    now=now,
                    silent=frozenset(silent),
                    leaving=frozenset(leaving),
                    timed=frozenset(timed),
                    is_held=any(held for _, _, held in found),
                )
            )
        return dues

    async def note_serving(self, *, lasts: timedelta) -> None:
        """Note that a web process serves; the note fades after `lasts`.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        await guarded(self._connection.redis.set(self._keys.serving, b"1", px=milliseconds(lasts)))

    async def is_served(self) -> bool:
        """Return whether some web process noted lately that it serves.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        return bool(await guarded(self._connection.redis.exists(self._keys.serving)))


def _batches(
    leases: Mapping[int, Sequence[str]], *, alone: bool
) -> Iterator[list[tuple[int, Sequence[str]]]]:
    """Cut what is to be extended into what one script call takes; each shard `alone`, if asked."""
    batch: list[tuple[int, Sequence[str]]] = []
    room = _AT_ONCE
    for shard, members in leases.items():
        start = 0
        while start < len(members):
            part = members[start : start + room]
            batch.append((shard, part))
            start, room = start + len(part), room - len(part)
            if alone or not room:
                yield batch
                batch, room = [], _AT_ONCE
    if batch:
        yield batch

"""Partitions: the months that the transitions are cut into.

Flow: worker, `manage.py presence_partitions` -> **partitions** -> Postgres.

A month is made ahead of time and dropped as a whole. What falls into no month waits in the default partition
and is moved when its month is made. Months are UTC.

The default partition rules out DETACH … CONCURRENTLY (Postgres refuses it), so a month is dropped under a
short exclusive lock: at most `Patience.lock_timeout` of waiting, during which writers queue behind it, then
a pause and another try.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from django.db import OperationalError, connections, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql
from psycopg.errors import DeadlockDetected, LockNotAvailable

from presence.domain.instant import Instant, milliseconds, to_datetime
from presence.history import databases

log = logging.getLogger(__name__)

T = TypeVar("T")

_TABLE = "presence_transition"
_DEFAULT = "presence_transition_default"
_NAME = re.compile(r"presence_transition_y(\d{4})m(\d{2})", re.ASCII)
_ONE_AT_A_TIME = (
    0x70726573  # "pres": the advisory lock that keeps two workers from making one month
)
_COUNTED_STRAYS = 10_000  # "many" is enough to know; counting millions is a table scan


class PartitionsBusyError(Exception):
    """Readers or writers held the tables through every try; nothing was changed, try again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for a lock, how often, and how long to pause in between."""

    lock_timeout: timedelta = timedelta(seconds=2)
    tries: int = 5
    pause: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionReport:
    """What `ensure` did and found.

    `created` and `months` name partitions (`presence_transition_y2026m11`), oldest first. `strays` counts the
    rows that have no month, up to 10,000: more than a few mean that no worker runs, or a wrong clock.
    """

    created: tuple[str, ...]
    months: tuple[str, ...]
    strays: int


@dataclass(frozen=True, slots=True, order=True)
class _Month:
    year: int
    month: int

    @property
    def name(self) -> str:
        return f"{_TABLE}_y{self.year:04d}m{self.month:02d}"

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    def plus(self, months: int) -> "_Month":
        years, month = divmod(self.month - 1 + months, 12)
        return _Month(self.year + years, month + 1)


_PATIENT = Patience()


def ensure(
    *, months_ahead: int = 3, now: Instant | None = None, patience: Patience = _PATIENT
) -> PartitionReport:
    """Make the partitions of this month and of the next `months_ahead`, and move in what waited for them.

    Safe to call from any number of processes at any time. `now` is the database's clock unless given.

    Raises:
        PartitionsBusyError: the default partition stayed locked.
        django.db.ProgrammingError: the database's role may not make tables.
    """
    this_month = _month_of(now)
    created = []
    for ahead in range(months_ahead + 1):
        month = this_month.plus(ahead)
        if _patiently(partial(_make, month=month), patience):
            created.append(month.name)
    report = PartitionReport(
        created=tuple(created), months=tuple(month.name for month in _months()), strays=_strays()
    )
    if report.strays:
        log.warning("%d transitions are in no month's partition", report.strays)
    return report


def drop_older_than(
    months: int, *, now: Instant | None = None, patience: Patience = _PATIENT
) -> tuple[str, ...]:
    """Drop all transitions from before the `months` months that precede this one; return what was dropped.

    Each month goes in a transaction of its own: after an error those already dropped stay dropped.

    Raises:
        ValueError: `months` is less than 1.
        PartitionsBusyError: the tables stayed locked.
    """
    if months < 1:
        raise ValueError(f"at least one month besides the present one is kept, not {months}")
    oldest = _month_of(now).plus(-months)
    dropped = []
    for month in _months():
        if month < oldest:
            _patiently(partial(_drop, month=month), patience)
            dropped.append(month.name)
    with _cursor() as cursor:
        cursor.execute(f"DELETE FROM {_DEFAULT} WHERE at < %s", [oldest.start])  # noqa: S608 (names of our own)
    return tuple(dropped)


def _make(cursor: CursorWrapper, month: _Month) -> bool:
    """Make `month` unless it is there. Beside the others and then attached, so that nobody waits for it.

    Only the default partition is locked, since a row of the month that came in between would be in the way.
    """
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
    if month in set(_listed(cursor)):
        return False
    names = {
        "table": sql.Identifier(_TABLE),
        "fallback": sql.Identifier(_DEFAULT),
        "month": sql.Identifier(month.name),
        "start": sql.Literal(month.start.isoformat()),
        "end": sql.Literal(month.plus(1).start.isoformat()),
    }
    for statement in _MAKE:
        cursor.execute(sql.SQL(statement).format(**names))
    return True


_MAKE = (
    "CREATE TABLE {month} (LIKE {table} INCLUDING ALL)",
    "LOCK TABLE {fallback} IN ACCESS EXCLUSIVE MODE",
    """
    WITH moved AS (DELETE FROM {fallback} WHERE at >= {start} AND at < {end} RETURNING *)
    INSERT INTO {month} SELECT * FROM moved
    """,
    "ALTER TABLE {table} ATTACH PARTITION {month} FOR VALUES FROM ({start}) TO ({end})",
)


def _drop(cursor: CursorWrapper, month: _Month) -> None:
    # IF EXISTS: another worker may have been quicker.
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(month.name)))


def _patiently(work: Callable[[CursorWrapper], T], patience: Patience) -> T:
    """Do `work` in a transaction that waits for locks only so long, as often as it takes."""
    for last in (*[False] * (patience.tries - 1), True):
        try:
            with _cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {milliseconds(patience.lock_timeout)}")
                cursor.execute("SET LOCAL statement_timeout = 0")  # moving rows takes its time
                return work(cursor)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
                raise
            if last:
                raise PartitionsBusyError(f"no lock in {patience.tries} tries: {error}") from error
        time.sleep(patience.pause.total_seconds())
    raise AssertionError("unreachable")


def _months() -> list[_Month]:
    with _cursor() as cursor:
        return _listed(cursor)


def _listed(cursor: CursorWrapper) -> list[_Month]:
    cursor.execute(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
        " WHERE inhparent = %s::regclass",
        [_TABLE],
    )
    matches = [_NAME.fullmatch(name) for (name,) in cursor.fetchall()]
    return sorted(_Month(int(match[1]), int(match[2])) for match in matches if match)


def _strays() -> int:
    with _cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT FROM {_DEFAULT} LIMIT {_COUNTED_STRAYS}) AS strays"  # noqa: S608 (names of our own)
        )
        return int(cursor.fetchone()[0])


def _month_of(now: Instant | None) -> _Month:
    if now is None:
        with _cursor() as cursor:
            cursor.execute("SELECT now()")
            moment = cursor.fetchone()[0].astimezone(UTC)
    else:
        moment = to_datetime(now)
    return _Month(moment.year, moment.month)


@contextmanager
def _cursor() -> Iterator[CursorWrapper]:
    alias = databases.writing()
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        yield cursor

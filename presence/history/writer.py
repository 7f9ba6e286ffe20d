"""Writer: puts changes into Postgres, each once, in whatever order and however often they come.

Flow: the change log, in batches -> **writer** -> Transition, LastSeen.

A batch is copied into a temporary table and filed from there by one statement. Measured with 1,000 changes
a batch, both tables included: 47,000 changes a second and 5 µs of this process's CPU each, against 32,000
and 14 µs with the rows as UNNEST parameters.
"""

import logging
from collections.abc import Iterator, Sequence

from django.db import DataError, IntegrityError, connections, transaction

from presence.domain.changes import LoggedChange
from presence.domain.instant import Instant, to_datetime
from presence.history import databases

log = logging.getLogger(__name__)

# Beyond this the rows per second no longer grow (1,000: 47,000, 5,000: 46,000), only the memory does.
_MOST_AT_ONCE = 5_000

_COLUMNS = (
    '"user", before, after, at, since, last_seen, devices,'
    " message_text, message_emoji, message_until, epoch, shard, version"
)

# Dropped at commit, so that it also works behind a pooler that gives every transaction another session, and
# never has the columns of an older release.
_MAKE_STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS presence_stage (
    "user" text, before text, after text, at timestamptz, since timestamptz, last_seen timestamptz,
    devices text[], message_text text, message_emoji text, message_until timestamptz,
    epoch text, shard integer, version bigint
) ON COMMIT DROP
"""

# Of a user's new changes in the batch the newest counts: by version within one (epoch, shard), whatever the
# clock did meanwhile, and by time between those. A row of LastSeen gives way by the same rule. Both inserts
# go in the order of their keys, so that two writers never lock the same rows in opposite orders.
_FILE_STAGE = f"""
WITH fresh AS (
    INSERT INTO presence_transition ({_COLUMNS})
    SELECT {_COLUMNS} FROM presence_stage ORDER BY epoch, shard, version
    ON CONFLICT DO NOTHING
    RETURNING *
),
ranked AS (
    SELECT *,
        max(last_seen) OVER (PARTITION BY "user") AS newest_last_seen,
        max(at) OVER (PARTITION BY "user", epoch, shard) AS newest_at
    FROM fresh
),
newest AS (
    SELECT DISTINCT ON ("user") * FROM ranked ORDER BY "user", newest_at DESC, version DESC
),
seen AS (
    INSERT INTO presence_last_seen AS stored (
        "user", status, since, last_seen, devices,
        message_text, message_emoji, message_until, epoch, shard, version, updated_at
    )
    SELECT
        "user", after, since, newest_last_seen, devices,
        message_text, message_emoji, message_until, epoch, shard, version, at
    FROM newest ORDER BY "user"
    ON CONFLICT ("user") DO UPDATE SET
        status = excluded.status,
        since = excluded.since,
        last_seen = greatest(stored.last_seen, excluded.last_seen),
        devices = excluded.devices,
        message_text = excluded.message_text,
        message_emoji = excluded.message_emoji,
        message_until = excluded.message_until,
        epoch = excluded.epoch,
        shard = excluded.shard,
        version = excluded.version,
        updated_at = excluded.updated_at
    WHERE CASE
        WHEN (stored.epoch, stored.shard) = (excluded.epoch, excluded.shard)
        THEN stored.version < excluded.version
        ELSE stored.updated_at <= excluded.updated_at
    END
)
SELECT count(*) FROM fresh
"""  # noqa: S608  (only the constant above is put in)


def write_changes(changes: Sequence[LoggedChange]) -> int:
    """Write `changes` and return how many of them were new.

    Synchronous; one transaction: when this returns, all are committed (unless the caller has a transaction
    open, which then decides). Changes may repeat, overlap with earlier calls and come in any order:
    a change is known by (epoch, shard, version, at), and LastSeen never goes back to an older one.

    A change that Postgres will never take (text beyond its column, say) is logged as an error and left out,
    so that one broken entry cannot hold up the log behind it for ever.

    Raises:
        django.db.OperationalError: Postgres cannot be reached or gave up (lock or statement timeout);
            nothing was written, call again with the same changes.
    """
    connection = connections[databases.writing()]
    if not connection.in_atomic_block:
        # A worker is no request: nobody else replaces its connection after Postgres was restarted.
        connection.close_if_unusable_or_obsolete()
    with transaction.atomic(using=connection.alias):
        return sum(_write_around(part) for part in _parts(changes))


def _write_around(changes: Sequence[LoggedChange]) -> int:
    """Write what can be written; halves until what cannot be stands alone."""
    try:
        return _write(changes)
    except (DataError, IntegrityError):
        if len(changes) == 1:
            log.exception("history refused a change for good: %s", _name(changes[0]))
            return 0
    middle = len(changes) // 2
    return _write_around(changes[:middle]) + _write_around(changes[middle:])


def _write(changes: Sequence[LoggedChange]) -> int:
    connection = connections[databases.writing()]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(_MAKE_STAGE)
        cursor.execute("TRUNCATE presence_stage")  # an earlier part of the same transaction used it
        with (
            connection.wrap_database_errors,  # Django does not wrap what COPY raises
            cursor.copy(f"COPY presence_stage ({_COLUMNS}) FROM STDIN") as copy,
        ):
            for change in changes:
                copy.write_row(_row(change))
        cursor.execute(_FILE_STAGE)
        return int(cursor.fetchone()[0])


def _row(logged: LoggedChange) -> tuple[object, ...]:
    before, after = logged.change.before, logged.change.after
    message = after.message
    return (
        logged.change.user,
        before.status.value,
        after.status.value,
        to_datetime(logged.at),
        _moment(after.since),
        _moment(after.last_seen),
        [device.value for device in after.devices],
        message.text if message else "",
        message.emoji if message else "",
        _moment(message.until) if message else None,
        logged.epoch,
        logged.shard,
        logged.version,
    )


def _moment(at: Instant | None) -> object:
    return None if at is None else to_datetime(at)


def _parts(changes: Sequence[LoggedChange]) -> Iterator[Sequence[LoggedChange]]:
    for start in range(0, len(changes), _MOST_AT_ONCE):
        yield changes[start : start + _MOST_AT_ONCE]


def _name(logged: LoggedChange) -> str:
    return f"{logged.epoch}/{logged.shard}/{logged.version}"

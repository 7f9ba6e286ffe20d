"""Queries: what history can tell.

Flow: Transition, LastSeen (of the replica, where there is one) -> **queries** -> service, api.

Nothing here asks who wants to know: the callers see through a lens (presence.domain.visibility).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connections
from django.db.models import Q

from presence.domain.face import Face
from presence.domain.instant import Instant, from_datetime, to_datetime
from presence.domain.status import Device, Status
from presence.history import databases
from presence.models import LastSeen, Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFace:
    """What others last saw of a user, and since which change: its instant and version."""

    face: Face
    at: Instant
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTransition:
    """One change. (`at`, `id`) is its place, for `before` of the next call."""

    id: int
    user: str
    at: Instant
    before: Status
    after: Face


def last_seen_of(users: Sequence[str], *, from_primary: bool = False) -> dict[str, StoredFace]:
    """Return what others last saw of `users`; who never was here is left out. One query.

    As everywhere, `last_seen` of a face is None while the user is reachable. A message may be over.
    `from_primary` reads past a replica, for what will be decided by the answer rather than shown.
    """
    alias = databases.writing() if from_primary else databases.reading()
    rows = LastSeen.objects.using(alias).filter(user__in=set(users))
    return {
        row.user: StoredFace(
            face=_face(row, Status(row.status)),
            at=from_datetime(row.updated_at),
            version=row.version,
        )
        for row in rows
    }


def transitions_of(
    *,
    user: str,
    since: Instant | None = None,
    until: Instant | None = None,
    before: tuple[Instant, int] | None = None,
    limit: int = 100,
) -> list[StoredTransition]:
    """Return at most `limit` changes of `user`, newest first. One query.

    `since` is included and `until` is not. `before` is the (`at`, `id`) of the last one already read: only
    older ones follow, and what is written meanwhile shifts nothing.
    """
    rows = Transition.objects.using(databases.reading()).filter(user=user)
    if since is not None:
        rows = rows.filter(at__gte=to_datetime(since))
    if until is not None:
        rows = rows.filter(at__lt=to_datetime(until))
    if before is not None:
        at = to_datetime(before[0])
        # The first condition is implied by the second, but only the first is an index range to Postgres.
        rows = rows.filter(Q(at__lte=at) & (Q(at__lt=at) | Q(id__lt=before[1])))
    return [_stored(row) for row in rows.order_by("-at", "-id")[:limit]]


def was_reachable_at(users: Sequence[str], at: Instant) -> dict[str, Status]:
    """Return the status that each of `users` showed at `at`; who has no history is left out. One query.

    The newest change up to `at` tells; where that has been dropped with its month, what the next change
    says of before does; where neither is left, the present status, if it is older than `at`.
    """
    with connections[databases.reading()].cursor() as cursor:
        cursor.execute(_STATUS_AT, {"users": sorted(set(users)), "at": to_datetime(at)})
        return {user: Status(status) for user, status in cursor.fetchall() if status}


_STATUS_AT = """
SELECT wanted."user", coalesce(
    (SELECT after FROM presence_transition past
      WHERE past."user" = wanted."user" AND past.at <= %(at)s ORDER BY past.at DESC, past.id DESC LIMIT 1),
    (SELECT before FROM presence_transition next
      WHERE next."user" = wanted."user" AND next.at > %(at)s ORDER BY next.at, next.id LIMIT 1),
    (SELECT status FROM presence_last_seen present
      WHERE present."user" = wanted."user" AND present.updated_at <= %(at)s)
) AS status
FROM unnest(%(users)s::text[]) AS wanted("user")
"""


def newest_change_at() -> Instant | None:
    """Return the instant of the change written last, None before the first one. One query."""
    rows = (
        Transition.objects.using(databases.reading()).order_by("-id").values_list("at", flat=True)
    )
    newest = rows.first()
    return None if newest is None else from_datetime(newest)


def _stored(row: Transition) -> StoredTransition:
    return StoredTransition(
        id=row.id,
        user=row.user,
        at=from_datetime(row.at),
        before=Status(row.before),
        after=_face(row, Status(row.after)),
    )


def _face(row: LastSeen | Transition, status: Status) -> Face:
    return Face(
        status=status,
        since=_instant(row.since),
        last_seen=_instant(row.last_seen) if status is Status.OFFLINE else None,
        devices=row.devices,
        message=row.message(),
    )


def _instant(at: datetime | None) -> Instant | None:
    return None if at is None else from_datetime(at)


def reachable_after(user: str, *, limit: int) -> list[tuple[str, Status, tuple[Device, ...]]]:
    """Return users last shown as reachable, by id, beginning after `user`; at most `limit`. One query."""
    rows = (
        LastSeen.objects.using(databases.writing())
        .filter(user__gt=user)
        .exclude(status=Status.OFFLINE.value)
        .order_by("user")[:limit]
    )
    return [(row.user, Status(row.status), row.devices) for row in rows]

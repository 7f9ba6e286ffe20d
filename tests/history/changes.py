"""Makes logged changes for tests, and days to put them on."""

from presence.domain.changes import Change, LoggedChange
from presence.domain.face import Face
from presence.domain.instant import Instant, parse_instant
from presence.domain.status import Device, Status

MINUTE = 60_000
NOON = parse_instant("2026-11-05T12:00:00Z")

OFFLINE = Face()


def online(since: Instant, *devices: Device) -> Face:
    return Face(status=Status.ONLINE, since=since, devices=devices or (Device.WEB,))


def offline(since: Instant, last_seen: Instant | None = None) -> Face:
    return Face(
        status=Status.OFFLINE, since=since, last_seen=since if last_seen is None else last_seen
    )


def logged(
    user: str,
    after: Face,
    *,
    version: int,
    at: Instant | None = None,
    before: Face = OFFLINE,
    epoch: str = "e1",
    shard: int = 0,
) -> LoggedChange:
    at = after.since if at is None else at
    assert at is not None
    change = Change(user=user, before=before, after=after)
    return LoggedChange(epoch=epoch, shard=shard, version=version, at=at, change=change)


def coming_and_going(user: str, count: int, *, start: Instant = NOON) -> list[LoggedChange]:
    """`count` changes a minute apart: online, offline, online, …"""
    changes = []
    face = OFFLINE
    for number in range(count):
        at = start + number * MINUTE
        after = offline(at) if number % 2 else online(at)
        changes.append(logged(user, after, version=number + 1, before=face))
        face = after
    return changes

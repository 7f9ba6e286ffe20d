"""Rhythm: how long somebody was reachable in each hour of the week.

Flow: transitions -> **rhythm** -> the activity plot of a person.

Hours are UTC; a week begins on Monday. Reachable is anything but offline.
"""

from collections.abc import Iterable

from presence.domain.instant import Instant
from presence.domain.status import Status

HOUR = 3_600_000  # ms
_HOURS = 7 * 24
# 1970-01-01 was a Thursday: the third day of a week that begins on Monday, counted from 0.
_EPOCH_HOUR = 3 * 24

Rhythm = tuple[tuple[int, ...], ...]


def rhythm_of(
    transitions: Iterable[tuple[Instant, Status, Status]], *, since: Instant, until: Instant
) -> Rhythm:
    """Return 7 days (from Monday) of 24 hours, each in whole minutes reachable between both instants.

    `transitions` are (at, before, after), oldest first. Where there are none, nothing is known and all is 0;
    before the first one its `before` held, after the last one its `after` holds until `until`.
    """
    spent = [0] * _HOURS
    begin: Instant = since
    status = None
    for at, before, after in transitions:
        if before is not Status.OFFLINE:
            _spend(spent, begin, min(at, until))
        begin, status = max(at, since), after
    if status is not None and status is not Status.OFFLINE:
        _spend(spent, begin, until)
    minutes = [each // 60_000 for each in spent]
    return tuple(tuple(minutes[day * 24 : day * 24 + 24]) for day in range(7))


def _spend(spent: list[int], begin: Instant, end: Instant) -> None:
    """Add the time from `begin` to `end` to the hours of the week that it lies in."""
    while begin < end:
        hour = begin // HOUR
        next_hour = (hour + 1) * HOUR
        spent[(hour + _EPOCH_HOUR) % _HOURS] += min(end, next_hour) - begin
        begin = next_hour

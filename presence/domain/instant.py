"""Instant: a moment as whole milliseconds since 1970-01-01T00:00:00Z.

Flow: Redis TIME -> **instant** -> leases, cursors; **instant** -> RFC 3339 on the wire.

Integers, not datetimes, because the one clock of leases is Redis TIME, which scripts compare as
numbers, and because an integer cannot be naive (ADR 0003). RFC 3339 appears only at the borders.
"""

from datetime import UTC, datetime, timedelta

_NOT_AN_INSTANT = "an instant is RFC 3339 with an offset, for example 2026-11-22T20:15:00.123Z"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

# The last instant that RFC 3339 can write: 9999-12-31T23:59:59.999Z.
LATEST = 253_402_300_799_999

Instant = int


def format_instant(at: Instant) -> str:
    """Return `at` as RFC 3339 in UTC with milliseconds, e.g. `2026-11-22T20:15:00.123Z`."""
    return to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S") + f".{at % 1000:03d}Z"


def parse_instant(text: str) -> Instant:
    """Return the instant that RFC 3339 `text` names.

    Raises:
        ValueError: `text` is not RFC 3339, names no offset, or lies before 1970 or after 9999.
    """
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_NOT_AN_INSTANT) from None
    if parsed.tzinfo is None:
        raise ValueError(_NOT_AN_INSTANT)
    at = from_datetime(parsed)
    if not 0 <= at <= LATEST:  # an offset can push a year that can be written beyond it
        raise ValueError(_NOT_AN_INSTANT)
    return at


def to_datetime(at: Instant) -> datetime:
    """Return `at` as an aware datetime in UTC."""
    return _EPOCH + timedelta(milliseconds=at)


def from_datetime(at: datetime) -> Instant:
    """Return the aware datetime `at` in whole milliseconds, rounded down.

    Raises:
        ValueError: `at` is naive.
    """
    if at.tzinfo is None:
        raise ValueError(_NOT_AN_INSTANT)
    return (at - _EPOCH) // _MILLISECOND


def milliseconds(duration: timedelta) -> int:
    """Return `duration` in whole milliseconds."""
    return duration // _MILLISECOND

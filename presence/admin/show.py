"""Show: how instants, statuses, devices and people look in the admin.

Flow: a row's value -> **show** -> markup (styles in static/presence/admin.css).
"""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from presence.domain.status import Device, Status

EMPTY = SafeString("–")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def ago(at: datetime | None, *, now: datetime | None = None) -> SafeString:
    """Return how long ago `at` was, in words, with the instant behind them; a dash for None."""
    if at is None:
        return EMPTY
    seconds = ((now or timezone.now()) - at).total_seconds()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        at.strftime("%Y-%m-%d %H:%M:%S %Z"),
        _in_words(seconds),
    )


def _in_words(seconds: float) -> str:
    if seconds < -_MINUTE:
        return "in the future"  # a clock is wrong, and hiding that would not help
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR:.0f} h ago"
    days = seconds // _DAY
    return "1 day ago" if days == 1 else f"{days:.0f} days ago"


def status_dot(status: str) -> SafeString:
    """Return a dot in the status's colour, and the status."""
    return format_html(
        '<span class="presence-dot presence-{}" aria-hidden="true"></span>{}',
        status,
        Status(status),
    )


def badges(devices: Iterable[Device]) -> SafeString:
    """Return a badge for each device."""
    rows = ((device.value,) for device in devices)
    return format_html_join(" ", '<span class="presence-badge">{}</span>', rows) or EMPTY


def person(user: str, name: str) -> SafeString:
    """Return the name with the id beside it, or the id where that is the name."""
    if user == name:
        return format_html("{}", user)
    return format_html('{} <span class="presence-id">{}</span>', name, user)

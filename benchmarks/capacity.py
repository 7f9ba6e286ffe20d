"""Capacity: what the measured costs come to for a million people and more.

Flow: the tables of docs/performance.md and docs/capacity.md -> **capacity** -> docs/capacity.md (unit costs, derived).

Nothing is measured here. The assumptions are those that the page names: half of the sessions visible, half hidden; one
session and one stream for each person; 20 changes a day that others see, each seen by 20; a peak of 2.5 averages.
"""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import report
from benchmarks.asked import Asked, Tables

PEOPLE = (1_000_000, 10_000_000, 100_000_000)
_BEATS = 0.5 / 25 + 0.5 / 60  # a second for each person, visible and hidden
_RENEWALS = 1 / 20
_CHANGES = 20 / 86_400
_SEEN_BY = 20
_PEAK = 2.5
_SHARDS, _LOG = 64, 100_000
_STREAMS = 50_000  # PRESENCE_MAX_STREAMS
_MONTH = 30  # days
_MESSAGES = 1_000  # a second, of all processes together: beyond, changes share them (presence.service.publishing)


@dataclass(frozen=True, slots=True)
class Units:
    """What one of everything costs: microseconds of a processor, or bytes."""

    heartbeat: float
    stored: float
    delivery: float
    renewal: float
    stored_renewal: float
    connect: float | None  # not needed for what is derived
    message: float
    change: float
    person: float
    attached: float
    logged: float
    stream: float
    transition: float


def tables(_: Asked) -> Tables:
    """Return the unit costs that other claims have measured, and what they come to."""
    units = _units()
    costs = {
        "a web process: a heartbeat": f"{units.heartbeat:.0f} µs",
        "Redis: a heartbeat": f"{units.stored:.1f} µs",
        "a web process: a delivered event": f"{units.delivery:.1f} µs",
        "a web process: a renewal of an attached session": f"{units.renewal:.2f} µs",
        "Redis: the same": f"{units.stored_renewal:.2f} µs",
    }
    if units.connect is not None:
        costs["a web process: opening a stream with 200 contacts"] = (
            f"{units.connect / 1000:.1f} ms"
        )
    derived = [
        {
            "people online": what,
            **{_people(people): show(people) for people in PEOPLE},
            "from": source,
        }
        for what, show, source in _lines(units)
    ]
    return {
        "unit-costs": [{"what": what, "": cost} for what, cost in costs.items()],
        "derived": derived,
    }


def _lines(units: Units) -> list[tuple[str, Callable[[int], str], str]]:
    """Return each line: what it is, what it comes to for so many people, and how."""
    changes = _CHANGES
    return [
        ("heartbeats a second", lambda n: _count(n * _BEATS), "½/25 s + ½/60 s for each"),
        ("renewals by streams a second", lambda n: _count(n * _RENEWALS), "one for each 20 s"),
        (
            "Redis cores for both",
            lambda n: _few(n * (_BEATS * units.stored + _RENEWALS * units.stored_renewal) / 1e6),
            f"× {units.stored:.1f} µs, × {units.stored_renewal:.2f} µs",
        ),
        (
            "Redis memory for people",
            lambda n: _bytes(n * (units.person + units.attached)),
            f"× ({units.person:.0f} + {units.attached:.0f}) bytes",
        ),
        (
            "Redis memory for full logs",
            lambda _: _bytes(_SHARDS * _LOG * units.logged),
            f"{_SHARDS} shards × {_LOG:,} × {units.logged:.0f} bytes",
        ),
        (
            "web cores for heartbeats",
            lambda n: _few(n * _BEATS * units.heartbeat / 1e6),
            f"× {units.heartbeat:.0f} µs",
        ),
        (
            "memory for streams",
            lambda n: _bytes(n * units.stream * 1024),
            f"× {units.stream:.1f} KiB",
        ),
        (
            "processes for streams",
            lambda n: _count(n / _STREAMS),
            f"{_STREAMS:,} each (`PRESENCE_MAX_STREAMS`)",
        ),
        ("changes a second, average", lambda n: _count(n * changes), "× 20 / 86,400 s"),
        (
            "events delivered a second",
            lambda n: _count(n * changes * _SEEN_BY),
            "each change to 20 streams",
        ),
        (
            "web cores to deliver them",
            lambda n: _few(n * changes * _SEEN_BY * units.delivery / 1e6),
            f"× {units.delivery:.1f} µs",
        ),
        ("transitions a day", lambda n: _count(n * 20), ""),
        (
            "Postgres for a month of them",
            lambda n: _bytes(n * 20 * _MONTH * units.transition),
            f"× {_MONTH} × {units.transition:.0f} bytes",
        ),
        (
            "messages a second that **each** process hears, average",
            lambda n: _count(min(n * changes, _MESSAGES)),
            "one for each change, until they share",
        ),
        (
            "**each** process: cores to hear them",
            lambda n: _few(_hearing(units, n * changes)),
            f"× {units.message - units.change:.0f} µs, and {units.change:.0f} µs a change",
        ),
        (
            "**each** process: the same at peak",
            lambda n: _few(_hearing(units, n * changes * _PEAK)),
            "changes × 2.5",
        ),
        (
            "people of whom a process hears, at peak, for half of its core",
            lambda _: _count(
                (0.5 - _hearing(units, 0, _MESSAGES)) / units.change * 1e6 / changes / _PEAK
            ),
            f"(½ - {_MESSAGES:,} messages) / {units.change:.0f} µs / 2.5 / (20 / 86,400 s)",
        ),
    ]


def _hearing(units: Units, changes: float, messages: float | None = None) -> float:
    """Return the share of a core that hearing `changes` a second takes."""
    sent = min(changes, _MESSAGES) if messages is None else messages
    return (sent * (units.message - units.change) + changes * units.change) / 1e6


def _units() -> Units:
    find = report.found
    try:
        connect = find("storm", "first visit", 1)
    except ValueError:
        connect = None
    return Units(
        heartbeat=find("heartbeats", "presence", 1),
        stored=find("heartbeats", "presence", 3),
        delivery=find("fan-out", "presence", 4),
        renewal=find("renewals", "", 1),
        stored_renewal=find("renewals", "", 2),
        connect=connect,
        message=find("sizes", "a web process: hearing a message", 1),
        change=find("sizes", "a web process: hearing a change", 1),
        person=find("sizes", "Redis: a user online", 1),
        attached=find("sizes", "Redis: more", 1),
        logged=find("sizes", "Redis: a change", 1),
        stream=find("sizes", "a web process: a stream", 1),
        transition=find("sizes", "Postgres: a transition", 1),
    )


def _people(count: int) -> str:
    return f"{count / 1e6:,.0f} million"


def _count(number: float) -> str:
    """Return a number with two digits that mean something."""
    if number >= 1e6:
        return f"{_few(number / 1e6)} million"
    digits = max(0, len(str(int(number))) - 2)
    return f"{round(number, -digits):,.0f}"


def _few(number: float) -> str:
    if number >= 10:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 0.95 else f"{number:.2f}"


def _bytes(number: float) -> str:
    return f"{_few(number / 1e12)} TB" if number >= 1e12 else f"{_few(number / 1e9)} GB"

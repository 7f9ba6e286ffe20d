"""Instants: whole milliseconds inside, RFC 3339 at the borders."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence.domain.instant import (
    LATEST,
    format_instant,
    from_datetime,
    milliseconds,
    parse_instant,
    to_datetime,
)

instants = st.integers(0, LATEST)


@given(instants)
def test_an_instant_survives_its_travel(at):
    assert parse_instant(format_instant(at)) == at
    assert from_datetime(to_datetime(at)) == at


@given(instants, st.integers(-23 * 60, 23 * 60))
def test_the_same_moment_in_another_offset_is_the_same_instant(at, offset):
    moment = to_datetime(at)
    zone = timezone(timedelta(minutes=offset))
    try:
        text = moment.astimezone(zone).isoformat()
    except OverflowError:
        return
    assert parse_instant(text) == at


def test_the_form_on_the_wire_is_utc_with_milliseconds():
    at = parse_instant("2026-11-22T21:15:00.123987+01:00")
    assert format_instant(at) == "2026-11-22T20:15:00.123Z"
    assert format_instant(0) == "1970-01-01T00:00:00.000Z"
    assert format_instant(LATEST) == "9999-12-31T23:59:59.999Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1763842500",
        "2026-11-22",
        "2026-11-22T20:15:00",
        "2026-02-30T20:15:00Z",
        "2026-11-22T20:15:00Z ",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00Z",
    ],
)
def test_what_names_no_instant_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r"for example 2026-11-22T20:15:00\.123Z"):
        parse_instant(text)


@given(st.text(max_size=30))
def test_no_text_does_worse_than_being_refused(text):
    try:
        at = parse_instant(text)
    except ValueError:
        return
    assert parse_instant(format_instant(at)) == at


def test_a_naive_datetime_is_no_instant():
    with pytest.raises(ValueError, match="offset"):
        from_datetime(datetime(2026, 11, 22))  # noqa: DTZ001


def test_fractions_of_a_millisecond_are_rounded_down():
    assert from_datetime(datetime(1970, 1, 1, microsecond=1_999, tzinfo=UTC)) == 1
    assert milliseconds(timedelta(microseconds=1_999)) == 1

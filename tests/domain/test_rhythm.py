"""When in the week somebody is usually here."""

from hypothesis import given
from hypothesis import strategies as st

from presence.domain.instant import parse_instant
from presence.domain.rhythm import HOUR, rhythm_of
from presence.domain.status import Status

ON, OFF = Status.ONLINE, Status.OFFLINE
MONDAY = parse_instant("2026-11-16T00:00:00Z")
WEEK = 7 * 24 * HOUR


def test_an_hour_and_a_half_on_monday_morning_lies_in_two_hours() -> None:
    came, went = MONDAY + 9 * HOUR + HOUR // 2, MONDAY + 11 * HOUR
    rhythm = rhythm_of([(came, OFF, ON), (went, ON, OFF)], since=MONDAY, until=MONDAY + WEEK)
    assert (rhythm[0][9], rhythm[0][10], rhythm[0][11]) == (30, 60, 0)
    assert sum(map(sum, rhythm)) == 90


def test_who_was_here_already_and_who_is_here_still_count() -> None:
    left, came = MONDAY + HOUR, MONDAY + WEEK - HOUR
    rhythm = rhythm_of([(left, ON, OFF), (came, OFF, ON)], since=MONDAY, until=MONDAY + WEEK)
    assert rhythm[0][0] == 60
    assert rhythm[6][23] == 60
    assert sum(map(sum, rhythm)) == 120


def test_two_weeks_add_up() -> None:
    visits = [(MONDAY, OFF, ON), (MONDAY + HOUR, ON, OFF)]
    visits += [(at + WEEK, before, after) for at, before, after in visits]
    assert rhythm_of(visits, since=MONDAY, until=MONDAY + 2 * WEEK)[0][0] == 120


def test_without_a_transition_nothing_is_known() -> None:
    assert sum(map(sum, rhythm_of([], since=MONDAY, until=MONDAY + WEEK))) == 0


@given(st.lists(st.integers(0, WEEK), min_size=1, max_size=20, unique=True))
def test_no_more_time_is_spent_than_there_is(instants: list[int]) -> None:
    status, transitions = OFF, []
    for at in sorted(instants):
        after = ON if status is OFF else OFF
        transitions.append((MONDAY + at, status, after))
        status = after
    rhythm = rhythm_of(transitions, since=MONDAY, until=MONDAY + WEEK)
    assert all(0 <= minutes <= 60 for day in rhythm for minutes in day)

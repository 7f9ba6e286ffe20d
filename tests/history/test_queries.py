"""What history answers."""

import pytest

from presence.domain.status import Device, Status
from presence.history.queries import (
    last_seen_of,
    newest_change_at,
    reachable_after,
    transitions_of,
    was_reachable_at,
)
from presence.history.writer import write_changes
from presence.models import Transition
from tests.history.changes import MINUTE, NOON, coming_and_going, logged, offline, online

pytestmark = pytest.mark.django_db


def test_transitions_come_newest_first():
    write_changes(coming_and_going("7", 4))
    write_changes([logged("8", online(NOON), version=99)])
    found = transitions_of(user="7")
    assert [each.at for each in found] == [NOON + n * MINUTE for n in (3, 2, 1, 0)]
    assert (found[0].before, found[0].after) == (Status.ONLINE, offline(NOON + 3 * MINUTE))
    assert {each.user for each in found} == {"7"}


def test_a_range_includes_its_start_and_not_its_end():
    write_changes(coming_and_going("7", 5))
    found = transitions_of(user="7", since=NOON + MINUTE, until=NOON + 3 * MINUTE)
    assert [each.at for each in found] == [NOON + 2 * MINUTE, NOON + MINUTE]


def test_pages_follow_each_other_without_gap_or_repetition_also_within_one_millisecond():
    same = [logged("7", online(NOON), version=n, before=offline(NOON)) for n in range(100, 105)]
    write_changes([*coming_and_going("7", 4, start=NOON - 2 * MINUTE), *same])
    whole = [each.id for each in transitions_of(user="7")]
    assert len(whole) == 9
    paged: list[int] = []
    before = None
    while page := transitions_of(user="7", before=before, limit=2):
        paged += [each.id for each in page]
        before = (page[-1].at, page[-1].id)
        write_changes([logged("7", online(NOON + len(paged)), version=200 + len(paged))])
    assert paged == whole


def test_who_was_reachable_is_told_by_the_last_change_before():
    write_changes([*coming_and_going("7", 2), logged("8", online(NOON + MINUTE), version=50)])
    assert was_reachable_at(["7", "8", "9"], NOON) == {"7": Status.ONLINE, "8": Status.OFFLINE}
    assert was_reachable_at(["7", "8"], NOON + MINUTE) == {
        "7": Status.OFFLINE,
        "8": Status.ONLINE,
    }


def test_where_the_months_before_are_dropped_the_next_change_tells_and_then_the_present():
    write_changes([*coming_and_going("7", 2), logged("8", online(NOON), version=50)])
    Transition.objects.filter(at__lte="2026-11-05T12:00:00Z").delete()
    assert was_reachable_at(["7", "8"], NOON + 1) == {"7": Status.ONLINE, "8": Status.ONLINE}
    assert was_reachable_at(["8"], NOON - 1) == {}


@pytest.mark.parametrize("count", [1, 300])
def test_each_answer_is_one_query_however_many_are_asked_for(count, django_assert_num_queries):
    users = [str(number) for number in range(count)]
    with django_assert_num_queries(1):
        last_seen_of(users)
    with django_assert_num_queries(1):
        was_reachable_at(users, NOON)
    with django_assert_num_queries(1):
        transitions_of(user="7", before=(NOON, 1), limit=count)


def test_the_newest_change_is_the_one_written_last():
    assert newest_change_at() is None
    write_changes(coming_and_going("7", 3))
    assert newest_change_at() == NOON + 2 * MINUTE


def test_who_was_last_shown_reachable_comes_in_pages_by_id():
    write_changes([logged(user, online(NOON), version=n) for n, user in enumerate("bdac")])
    write_changes([logged("c", offline(NOON + 1), version=9)])
    first = reachable_after("", limit=2)
    assert [user for user, _, _ in first] == ["a", "b"]
    assert reachable_after("b", limit=2) == [("d", Status.ONLINE, (Device.WEB,))]
    assert reachable_after("d", limit=2) == []

"""What time alone does: everything at its instant, nothing before."""

from hypothesis import assume, given
from hypothesis import strategies as st

from presence.domain.message import Message
from presence.domain.record import Choice, Record
from presence.domain.signals import Chosen, Elapsed, Heartbeat, MessageWritten, Silence
from presence.domain.status import Activity, Availability, Status
from presence.domain.transitions import advance
from tests.domain.day import Day
from tests.domain.strategies import MINUTE, NOW, POLICY, SECOND, pauses, settled_records, signals


def leases_of(record: Record) -> list[int]:
    sessions = record.sessions.values()
    ends = [each.beat_until for each in sessions] + [each.stream_until for each in sessions]
    return [end for end in ends if end is not None]


@given(settled_records(), st.data())
def test_before_the_next_end_time_alone_changes_nothing(record, data):
    due = record.due_at(NOW, POLICY)
    end = min([*leases_of(record), due if due is not None else NOW + 60 * MINUTE])
    assume(end > NOW)
    later = data.draw(st.integers(NOW, end - 1))
    assert advance(record, Silence(), later, POLICY).is_unchanged
    assert advance(record, Elapsed(), later, POLICY).is_unchanged


@given(settled_records())
def test_at_the_next_end_something_comes_to_it_and_the_next_one_lies_later(record):
    due = record.due_at(NOW, POLICY)
    assume(due is not None)
    assert due > NOW
    outcome = advance(record, Elapsed(), due, POLICY)
    after = outcome.record.due_at(due, POLICY)
    assert after is None or after > due


@given(st.lists(st.tuples(pauses, signals), max_size=12), pauses)
def test_somebody_swept_only_when_something_is_due_is_shown_as_they_are(steps, pause):
    """Sweeping at `due_at` and at the ends of leases is enough: nothing was missed in between."""
    day = Day(POLICY, NOW)
    for before, signal in steps:
        day.wait(before)
        day.send(signal)
    day.wait(pause)
    assert advance(day.record, Silence(), day.now, POLICY).is_unchanged


def test_a_choice_and_a_message_end_to_the_millisecond():
    day = Day(POLICY, NOW)
    day.send(Heartbeat(session="tab", activity=Activity.ACTIVE))
    day.send(Chosen(choice=Choice(availability=Availability.BUSY, until=NOW + 30 * SECOND)))
    day.send(MessageWritten(message=Message(text="soon", until=NOW + 20 * SECOND)))
    day.changes.clear()
    day.wait(MINUTE - 1)
    assert [(at, each.after.status, each.after.message) for at, each in day.changes] == [
        (NOW + 20 * SECOND, Status.BUSY, None),
        (NOW + 30 * SECOND, Status.ONLINE, None),
    ]


def test_what_is_over_when_it_is_set_is_never_shown():
    day = Day(POLICY, NOW)
    day.send(Heartbeat(session="tab", activity=Activity.ACTIVE))
    day.changes.clear()
    day.send(Chosen(choice=Choice(availability=Availability.BUSY, until=NOW)))
    day.send(MessageWritten(message=Message(text="late", until=NOW)))
    assert day.changes == []


def test_a_session_that_beats_as_active_is_not_waited_for():
    day = Day(POLICY, NOW)
    day.send(Heartbeat(session="tab", activity=Activity.ACTIVE))
    assert day.record.due_at(NOW, POLICY) is None


def test_nobody_with_something_to_keep_is_forgotten():
    day = Day(POLICY, NOW)
    assert day.record.is_forgettable
    day.send(MessageWritten(message=Message(text="back on Monday")))
    assert not day.record.is_forgettable
    day.send(MessageWritten(message=None))
    assert day.record.is_forgettable
    day.send(Heartbeat(session="tab", activity=Activity.ACTIVE, rooms=("hall", "attic")))
    assert not day.record.is_forgettable
    day.wait(2 * MINUTE)
    assert day.record.is_forgettable
    day.send(Chosen(choice=Choice(availability=Availability.INVISIBLE)))
    assert not day.record.is_forgettable

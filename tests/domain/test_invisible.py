"""Somebody invisible looks, to the byte, like somebody who left at that moment and stayed away."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from presence.domain.message import Message
from presence.domain.record import AUTOMATIC, Choice
from presence.domain.signals import Chosen, Claimed, Heartbeat, MessageWritten, SignOut, Unclaimed
from presence.domain.status import Activity, Availability, Status
from tests.domain.day import Day
from tests.domain.strategies import (
    MINUTE,
    NOW,
    POLICY,
    SECOND,
    claims,
    messages,
    pauses,
    policies,
    session_ids,
    session_signals,
    signals,
    time_signals,
)

INVISIBLE = Chosen(choice=Choice(availability=Availability.INVISIBLE))

mornings = st.lists(st.tuples(pauses, signals | session_ids), max_size=10)
behind_the_veil = st.one_of(
    session_signals,
    time_signals,
    session_ids,
    st.builds(MessageWritten, message=st.none() | messages(st.none())),
    messages(st.integers(SECOND, 10 * MINUTE)),  # an end so long after it is written
    st.builds(Claimed, claim=claims(until=st.integers(NOW + MINUTE, NOW + 10**9))),
    st.builds(Unclaimed, app=st.just("calls")),
    st.just(INVISIBLE),
)
days = st.lists(st.tuples(pauses, behind_the_veil), max_size=20)


def step(day, what):
    if isinstance(what, str):
        day.renew(what)
    elif isinstance(what, Message):
        day.send(MessageWritten(message=replace(what, until=day.now + what.until)))
    else:
        day.send(what)


def seen_since(day, start):
    """What an observer got from `start` on; what happened within its instant counts as one."""
    at_start = [change for at, change in day.changes[start:] if at == day_start(day, start)]
    first = (at_start[0].before, at_start[-1].after) if at_start else None
    return first, day.changes[start + len(at_start) :]


def day_start(day, start):
    return day.marked_at


@given(policies, mornings, days)
def test_nothing_an_invisible_user_does_shows(policy, morning, hidden_day):
    invisible, gone = Day(policy, NOW), Day(policy, NOW)
    for pause, what in morning:
        for day in (invisible, gone):
            day.wait(pause)
            step(day, what)
    starts = len(invisible.changes)
    for day in (invisible, gone):
        # A user who is away cannot be away by their own choice: begin with none.
        day.send(Chosen(choice=AUTOMATIC))
        day.marked_at = day.now
    invisible.send(INVISIBLE)
    gone.sign_out_everywhere()
    for pause, what in hidden_day:
        invisible.wait(pause)
        gone.wait(pause)
        step(invisible, what)
    for day in (invisible, gone):
        day.wait(24 * 60 * MINUTE)
    assert invisible.record.face.status is Status.OFFLINE
    assert seen_since(invisible, starts) == seen_since(gone, starts)


def online():
    day = Day(POLICY, NOW)
    day.send(Heartbeat(session="tab", activity=Activity.ACTIVE))
    return day


def test_a_message_that_was_shown_still_ends_on_time():
    day = online()
    day.send(MessageWritten(message=Message(text="lunch", until=NOW + MINUTE)))
    day.send(INVISIBLE)
    day.send(MessageWritten(message=Message(text="secret")))
    assert day.record.face.message == Message(text="lunch", until=NOW + MINUTE)
    day.wait(5 * MINUTE)
    assert day.changes[-1][0] == NOW + MINUTE
    assert day.record.face.message is None
    assert day.record.message == Message(text="secret")


def test_somebody_who_was_away_when_they_turned_invisible_shows_nothing_either():
    day = Day(POLICY, NOW)
    day.send(INVISIBLE)
    day.send(MessageWritten(message=Message(text="secret")))
    assert day.changes == []


def test_the_veil_holds_after_the_choice_until_others_see_the_user_again():
    day = online()
    day.send(INVISIBLE)
    day.send(MessageWritten(message=Message(text="secret")))
    day.send(SignOut(session="tab"))
    seen = len(day.changes)
    day.send(Chosen(choice=AUTOMATIC))
    day.wait(MINUTE)
    assert len(day.changes) == seen
    day.send(Heartbeat(session="tab", activity=Activity.ACTIVE))
    assert day.record.face.status is Status.ONLINE
    assert day.record.face.message == Message(text="secret")


def test_turning_visible_again_shows_an_arrival_at_that_moment():
    day = online()
    day.wait(SECOND)
    day.send(INVISIBLE)
    day.wait(SECOND)
    day.send(Chosen(choice=AUTOMATIC))
    gone, back = (change.after for _, change in day.changes[1:])
    assert (gone.status, gone.last_seen, gone.devices) == (Status.OFFLINE, NOW + SECOND, ())
    assert (back.status, back.since, back.last_seen) == (Status.ONLINE, NOW + 2 * SECOND, None)


def test_an_invisible_time_with_an_end_ends_by_itself():
    day = online()
    choice = Choice(availability=Availability.INVISIBLE, until=NOW + 30 * SECOND)
    day.send(Chosen(choice=choice))
    day.wait(40 * SECOND)
    assert day.changes[-1][0] == NOW + 30 * SECOND
    assert day.record.face.status is Status.ONLINE

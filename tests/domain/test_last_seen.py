"""Last seen is the last proof of life: not the moment of noticing, and never in the future."""

from hypothesis import given
from hypothesis import strategies as st

from presence.domain.signals import Heartbeat, StreamLost, StreamOpened
from presence.domain.status import Activity, Availability, Status
from tests.domain.day import Day
from tests.domain.strategies import (
    MINUTE,
    NOW,
    POLICY,
    SECOND,
    choices,
    pauses,
    policies,
    session_ids,
    signals,
    user_signals,
)

steps = st.lists(st.tuples(pauses, st.one_of(signals, session_ids, session_ids)), max_size=20)


def run(day, made):
    for pause, step in made:
        day.wait(pause)
        if isinstance(step, str):
            day.renew(step)
        else:
            day.send(step)
    day.wait(10 * MINUTE)


def is_invisible(step):
    choice = getattr(step, "choice", None)
    return choice is not None and choice.availability is Availability.INVISIBLE


@given(steps, policies)
def test_last_seen_is_never_later_than_now_and_only_somebody_offline_has_one(made, policy):
    day = Day(policy, NOW)
    run(day, made)
    for at, change in day.changes:
        face = change.after
        assert (face.last_seen is not None) == (
            face.status is Status.OFFLINE and face.since is not None
        )
        assert face.last_seen is None or face.last_seen <= at
        assert face.since is None or face.since <= at


@given(steps.filter(lambda made: not any(is_invisible(step) for _, step in made)), policies)
def test_last_seen_is_the_last_proof_of_life(made, policy):
    day = Day(policy, NOW)
    run(day, made)
    assert day.record.face.status is Status.OFFLINE
    assert day.record.face.last_seen == max(day.proofs, default=None)


def test_a_session_that_falls_silent_was_last_seen_at_its_last_renewal():
    day = Day(POLICY, NOW)
    day.send(Heartbeat(session="tab", activity=Activity.ACTIVE))
    day.wait(25 * SECOND)
    day.renew("tab")
    day.wait(2 * MINUTE)
    face = day.record.face
    assert (face.last_seen, face.since) == (NOW + 25 * SECOND, NOW + 85 * SECOND)


def test_a_broken_stream_was_last_seen_at_its_last_renewal_not_at_the_break():
    day = Day(POLICY, NOW)
    day.send(StreamOpened(session="tab", stream="x"))
    day.wait(20 * SECOND)
    day.renew("tab")
    day.wait(15 * SECOND)
    day.send(StreamLost(session="tab", stream="x"))
    day.wait(MINUTE)
    assert day.record.face.last_seen == NOW + 20 * SECOND


def test_of_several_devices_the_last_sign_of_any_counts():
    day = Day(POLICY, NOW)
    for name in ("tab", "phone"):
        day.send(Heartbeat(session=name, activity=Activity.ACTIVE))
    day.wait(50 * SECOND)
    day.renew("phone")
    day.wait(5 * MINUTE)
    assert day.record.face.last_seen == NOW + 50 * SECOND


@given(st.lists(user_signals, max_size=6), choices(until=st.none()))
def test_what_applications_and_the_user_set_is_no_proof_of_life(made, choice):
    day = Day(POLICY, NOW)
    for signal in made:
        day.wait(SECOND)
        day.send(signal)
    assert day.record.face.last_seen is None
    assert day.record.face.status is Status.OFFLINE

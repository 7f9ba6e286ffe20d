"""The table is total, and `advance` keeps its word for every record and every signal."""

from dataclasses import replace
from itertools import product
from typing import get_args

from hypothesis import assume, given
from hypothesis import strategies as st

from presence.domain.claim import Claim
from presence.domain.derivation import derive
from presence.domain.record import Record
from presence.domain.session import Phase, phase_of
from presence.domain.signals import (
    Claimed,
    Heartbeat,
    Leave,
    SessionSignal,
    SignOut,
    Silence,
    StreamLost,
    StreamOpened,
)
from presence.domain.status import Activity, Device, Status
from presence.domain.transitions import TRANSITIONS, advance
from tests.domain.day import Day
from tests.domain.strategies import (
    MINUTE,
    NOW,
    POLICY,
    SECOND,
    TIGHT,
    claims,
    heartbeats,
    pauses,
    policies,
    records,
    session_signals,
    signals,
    streams_opened,
)

REACHABLE = {Status.ONLINE, Status.AWAY, Status.BUSY}


def test_every_phase_of_a_session_has_an_effect_for_everything_that_can_happen_to_it():
    assert TRANSITIONS.keys() == set(product(Phase, (*get_args(SessionSignal), Silence)))


@given(records(), signals, policies)
def test_every_signal_to_every_record_has_an_outcome_that_holds_both_sides(record, signal, policy):
    outcome = advance(record, signal, NOW, policy)
    assert outcome.before is record
    assert outcome.record.user == record.user


@given(records(), signals, policies)
def test_the_same_signal_at_the_same_instant_changes_nothing_more(record, signal, policy):
    once = advance(record, signal, NOW, policy).record
    again = advance(once, signal, NOW, policy)
    assert again.record == once
    assert again.is_unchanged
    assert again.change is None
    assert not again.is_own_changed


@given(records(), signals)
def test_a_change_is_there_exactly_if_others_see_something_else(record, signal):
    outcome = advance(record, signal, NOW, POLICY)
    if record.face == outcome.record.face:
        assert outcome.change is None
    else:
        assert outcome.change is not None
        assert (outcome.change.before, outcome.change.after) == (record.face, outcome.record.face)
        assert outcome.change.user == record.user


@given(records(), signals)
def test_others_see_the_derived_status_and_offline_behind_the_veil(record, signal):
    after = advance(record, signal, NOW, POLICY).record
    derivation = derive(after, NOW, POLICY)
    expected = Status.OFFLINE if derivation.invisible else derivation.status
    assert after.face.status is expected
    shown = {each.device for each in after.sessions.values()}
    assert set(after.face.devices) == (shown if expected is not Status.OFFLINE else set())
    assert list(after.face.devices) == sorted(after.face.devices)


@given(records(), signals)
def test_nothing_that_has_ended_stays(record, signal):
    after = advance(record, signal, NOW, POLICY).record
    assert not after.choice.is_over(NOW)
    assert after.message is None or not after.message.is_over(NOW)
    assert after.face.message is None or not after.face.message.is_over(NOW)
    assert not any(claim.is_over(NOW) for claim in after.claims.values())


@given(records(), signals)
def test_an_own_change_is_there_exactly_if_the_users_own_view_differs(record, signal):
    outcome = advance(record, signal, NOW, POLICY)

    def own(view: Record) -> object:
        reports = {
            each.id: (each.device, each.activity, each.rooms) for each in view.sessions.values()
        }
        return reports, view.choice, view.message, view.claims

    assert outcome.is_own_changed == (own(outcome.before) != own(outcome.record))


@given(records())
def test_silence_brings_nobody_online(record):
    settled = advance(record, Silence(), NOW, POLICY).record
    later = advance(settled, Silence(), NOW + 30 * MINUTE, POLICY)
    if not settled.sessions:
        assert settled.face.status is Status.OFFLINE
    assert later.record.sessions.keys() <= settled.sessions.keys()
    assert not later.record.sessions
    assert later.record.face.status is Status.OFFLINE


@given(records(), st.integers(0, 5 * MINUTE))
def test_silence_ends_exactly_the_sessions_without_a_lease(record, pause):
    now = NOW + pause
    after = advance(record, Silence(), now, POLICY).record
    alive = {
        each.id
        for each in record.sessions.values()
        if max(each.beat_until or 0, each.stream_until or 0) > now
    }
    assert after.sessions.keys() == alive


@given(records(), session_signals)
def test_a_signal_of_one_session_leaves_the_others_alone(record, signal):
    after = advance(record, signal, NOW, POLICY).record
    for name in record.sessions.keys() - {signal.session}:
        assert after.sessions[name] == record.sessions[name]


@given(records(), heartbeats)
def test_a_heartbeat_makes_its_session_present_with_a_full_lease(record, beat):
    session = advance(record, beat, NOW, POLICY).record.sessions[beat.session]
    before = record.sessions.get(beat.session)
    assert phase_of(session) is Phase.PRESENT
    assert (session.activity, session.device, session.rooms) == (
        beat.activity,
        beat.device or (before.device if before else Device.WEB),
        beat.rooms,
    )
    assert session.seen_at == NOW
    assert session.beat_until == NOW + POLICY.lease_for(beat.activity)
    assert session.is_idle(NOW, POLICY) or beat.activity is not Activity.IDLE


@given(records(), streams_opened)
def test_an_opened_stream_carries_its_session_alone(record, opened):
    session = advance(record, opened, NOW, POLICY).record.sessions[opened.session]
    assert phase_of(session) is Phase.PRESENT
    assert session.stream == opened.stream
    assert session.stream_until == NOW + 60 * SECOND
    assert session.proven_at(POLICY) == NOW


def present(**more):
    day = Day(POLICY, NOW)
    day.send(Heartbeat(session="tab", activity=Activity.ACTIVE, **more))
    return day


def test_a_leave_waits_for_the_grace_and_a_return_within_it_is_not_seen():
    day = present()
    day.send(Leave(session="tab"))
    day.wait(9 * SECOND)
    day.send(Heartbeat(session="tab", activity=Activity.ACTIVE))
    day.wait(59 * SECOND)
    assert [change.after.status for _, change in day.changes] == [Status.ONLINE]


def test_a_leave_without_a_return_ends_with_the_grace_and_tells_the_moment_of_the_leave():
    day = present()
    day.wait(5 * SECOND)
    day.send(Leave(session="tab"))
    day.wait(MINUTE)
    at, change = day.changes[-1]
    assert at == NOW + 15 * SECOND
    assert change.after.status is Status.OFFLINE
    assert (change.after.since, change.after.last_seen) == (at, NOW + 5 * SECOND)


def test_a_second_leave_does_not_prolong_the_grace():
    day = present()
    day.send(Leave(session="tab"))
    day.wait(6 * SECOND)
    day.send(Leave(session="tab"))
    day.wait(MINUTE)
    assert day.changes[-1][0] == NOW + 10 * SECOND


def test_a_sign_out_ends_the_session_at_once_even_one_that_is_leaving():
    for signals_before in ((), (Leave(session="tab"),)):
        day = present()
        for signal in signals_before:
            day.send(signal)
        day.wait(SECOND)
        day.send(SignOut(session="tab"))
        face = day.changes[-1][1].after
        assert (face.status, face.last_seen) == (Status.OFFLINE, NOW + SECOND)


def test_a_lost_stream_gets_the_grace_although_the_beat_lease_is_longer():
    day = present()
    day.send(StreamOpened(session="tab", stream="x"))
    day.send(StreamLost(session="tab", stream="x"))
    day.wait(2 * MINUTE)
    assert day.changes[-1][0] == NOW + 10 * SECOND


@given(records(), session_signals.filter(lambda each: isinstance(each, StreamLost)))
def test_the_loss_of_a_stream_that_is_not_the_newest_means_nothing(record, lost):
    session = record.sessions.get(lost.session)
    assume(session is None or session.stream != lost.stream)
    after = advance(record, lost, NOW, POLICY).record
    assert after.sessions == record.sessions


def test_a_session_lives_as_long_as_its_longer_lease():
    day = present()
    day.send(StreamOpened(session="tab", stream="x"))
    day.wait(50 * SECOND)
    day.renew("tab")
    found = day.record.sessions["tab"]
    day.record = replace(day.record, sessions={"tab": replace(found, beat_until=NOW + 60 * SECOND)})
    day.wait(59 * SECOND)  # the beat lease ran out at 60 s, the stream's does at 110 s
    session = day.record.sessions["tab"]
    assert (session.beat_until, session.stream) == (None, "x")
    day.wait(SECOND)
    assert day.changes[-1][0] == NOW + 110 * SECOND


def test_a_stream_lease_that_runs_out_forgets_the_stream_and_leaves_the_beats():
    day = present()
    day.send(StreamOpened(session="tab", stream="x"))
    day.send(Heartbeat(session="tab", activity=Activity.HIDDEN))
    day.wait(61 * SECOND)
    session = day.record.sessions["tab"]
    assert (session.stream, session.stream_until) == (None, None)
    assert session.beat_until == NOW + 150 * SECOND


def test_a_session_that_was_leaving_and_opens_a_stream_is_carried_by_it_alone():
    day = present()
    day.send(Leave(session="tab"))
    day.send(StreamOpened(session="tab", stream="x"))
    session = day.record.sessions["tab"]
    assert (session.leaving, session.beat_until) == (False, None)


@given(st.lists(st.tuples(pauses, heartbeats | streams_opened), max_size=12))
def test_a_user_has_no_more_sessions_than_the_policy_allows_and_the_newest_stays(steps):
    day = Day(TIGHT, NOW)
    for pause, signal in steps:
        day.wait(pause % (20 * SECOND))
        day.send(signal)
        assert len(day.record.sessions) <= TIGHT.max_sessions
        assert signal.session in day.record.sessions


def test_the_session_without_a_sign_of_life_for_longest_gives_way():
    day = Day(TIGHT, NOW)
    for name in ("tab", "phone"):
        day.send(Heartbeat(session=name, activity=Activity.ACTIVE, device=Device.WEB))
        day.wait(SECOND)
    day.renew("tab")
    day.send(Heartbeat(session="desk", activity=Activity.ACTIVE))
    assert day.record.sessions.keys() == {"tab", "desk"}


@given(st.lists(claims(until=st.just(NOW + MINUTE)), min_size=3, max_size=6))
def test_a_user_has_no_more_claims_than_the_policy_allows_and_the_strongest_stay(made):
    day = Day(TIGHT, NOW)
    for claim in made:
        day.send(Claimed(claim=claim))
        assert len(day.record.claims) <= TIGHT.max_claims


def test_the_weakest_claim_gives_way():
    day = Day(TIGHT, NOW)
    for app, priority in (("calls", 9), ("focus", 1), ("meetings", 5)):
        claim = Claim(
            app=app,
            status=Status.BUSY,
            label="",
            priority=priority,
            since=NOW,
            until=NOW + MINUTE,
        )
        day.send(Claimed(claim=claim))
    assert day.record.claims.keys() == {"calls", "meetings"}


def test_a_claim_that_has_ended_pushes_out_no_new_one():
    day = Day(TIGHT, NOW)

    def claim(app: str, priority: int) -> Claimed:
        now = day.now
        return Claimed(
            claim=Claim(
                app=app,
                status=Status.BUSY,
                label="",
                priority=priority,
                since=now,
                until=now + MINUTE,
            )
        )

    day.send(claim("calls", 9))
    day.send(claim("meetings", 9))
    day.now += MINUTE  # and no sweep yet
    day.send(claim("focus", 1))
    assert day.record.claims.keys() == {"focus"}


@given(st.lists(st.tuples(pauses, signals), max_size=15))
def test_since_is_when_the_present_status_began(steps):
    day = Day(POLICY, NOW)
    for pause, signal in steps:
        day.wait(pause)
        day.send(signal)
    for at, change in day.changes:
        if change.before.status is not change.after.status:
            assert change.after.since == at
        else:
            assert change.after.since == change.before.since


@given(record=records())
def test_while_expiry_holds_only_sessions_that_are_leaving_end(record):
    after = advance(record, Silence(is_held=True), NOW, POLICY).record
    for name, session in record.sessions.items():
        if not session.leaving:
            assert after.sessions[name] == session
        elif session.beat_until is not None and session.beat_until <= NOW:
            assert name not in after.sessions or after.sessions[name].stream_until

"""Which status a record has, and which rule decides it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from presence.domain.claim import Claim
from presence.domain.derivation import Rule, derive, strongest_claim
from presence.domain.record import AUTOMATIC, Choice, Record
from presence.domain.session import Session
from presence.domain.signals import Chosen, Claimed, Heartbeat
from presence.domain.status import Activity, Availability, Device, Status
from tests.domain.day import Day
from tests.domain.strategies import HOUR, MINUTE, NOW, POLICY, SECOND, records, settled_records

CHOSEN = {Availability.AWAY: Status.AWAY, Availability.BUSY: Status.BUSY}


def claim(app="calls", status=Status.BUSY, priority=5, since=NOW, until=NOW + HOUR):
    return Claim(
        app=app, status=status, label="in a call", priority=priority, since=since, until=until
    )


def tab(name="tab", activity=Activity.ACTIVE, active_at=NOW):
    return Session(
        id=name,
        device=Device.WEB,
        activity=activity,
        since=NOW,
        seen_at=NOW,
        active_at=active_at,
        beat_until=NOW + POLICY.lease_for(activity),
    )


def of(*sessions, **more):
    return Record(user="42", sessions={each.id: each for each in sessions}, **more)


@given(records())
def test_the_first_rule_that_matches_decides(record):
    derivation = derive(record, NOW, POLICY)
    choice = AUTOMATIC if record.choice.is_over(NOW) else record.choice
    running = strongest_claim(record, NOW)
    awake = [each for each in record.sessions.values() if not each.is_idle(NOW, POLICY)]
    assert derivation.invisible == (
        bool(record.sessions) and choice.availability is Availability.INVISIBLE
    )
    if not record.sessions:
        assert (derivation.status, derivation.rule) == (Status.OFFLINE, Rule.NO_SESSION)
    elif choice.availability in CHOSEN:
        assert (derivation.status, derivation.rule) == (CHOSEN[choice.availability], Rule.CHOICE)
    elif running is not None:
        assert (derivation.status, derivation.by) == (running.status, running.app)
    elif awake:
        assert derivation.status is Status.ONLINE
        assert derivation.by in {each.id for each in awake}
    else:
        assert (derivation.status, derivation.by) == (Status.AWAY, None)


@given(settled_records(), st.sampled_from(Activity))
def test_the_most_available_session_wins(record, activity):
    """Another session can only make somebody more available, never less."""
    rank = [Status.ONLINE, Status.AWAY, Status.OFFLINE]
    record = replace(record, choice=AUTOMATIC, claims={})
    more = replace(record, sessions={**record.sessions, "one more": tab("one more", activity)})
    before, after = derive(record, NOW, POLICY).status, derive(more, NOW, POLICY).status
    assert rank.index(after) <= rank.index(before)
    assert after is not Status.OFFLINE
    if activity is not Activity.IDLE:
        assert after is Status.ONLINE


def test_the_own_choice_stands_above_every_claim_and_a_claim_above_the_sessions():
    record = of(tab(), claims={"calls": claim(priority=100)})
    assert derive(record, NOW, POLICY).rule is Rule.CLAIM
    chosen = replace(record, choice=Choice(availability=Availability.AWAY))
    assert derive(chosen, NOW, POLICY).status is Status.AWAY


def test_a_choice_or_claim_without_a_session_shows_nothing():
    record = of(claims={"calls": claim()}, choice=Choice(availability=Availability.BUSY))
    assert derive(record, NOW, POLICY).status is Status.OFFLINE


def test_among_claims_the_highest_priority_wins_then_the_youngest():
    old, young = claim("a", since=NOW - MINUTE), claim("b", since=NOW)
    assert strongest_claim(of(claims={"a": old, "b": young}), NOW) is young
    strong = claim("c", priority=6, since=NOW - HOUR)
    assert strongest_claim(of(claims={"b": young, "c": strong}), NOW) is strong


def test_an_ended_claim_uncovers_what_it_covered():
    day = Day(POLICY, NOW)
    day.send(Heartbeat(session="tab", activity=Activity.HIDDEN))
    day.send(Claimed(claim=claim("meetings", Status.AWAY, 1, until=NOW + 2 * MINUTE)))
    day.send(Claimed(claim=claim("calls", Status.BUSY, 9, until=NOW + MINUTE)))
    day.wait(MINUTE)
    assert day.changes[-1] == (day.now, day.changes[-1][1])
    assert day.record.face.status is Status.AWAY
    day.wait(MINUTE)
    assert day.record.face.status is Status.ONLINE


def test_a_hidden_tab_alone_makes_nobody_away_until_its_idle_time_has_passed():
    day = Day(POLICY, NOW)
    day.send(Heartbeat(session="tab", activity=Activity.ACTIVE))
    day.wait(SECOND)
    day.send(Heartbeat(session="tab", activity=Activity.HIDDEN))
    for _ in range(4):
        day.wait(MINUTE)
        day.renew("tab")
        assert day.record.face.status is Status.ONLINE
    day.wait(MINUTE - SECOND - 1)
    assert day.record.face.status is Status.ONLINE
    day.wait(1)
    assert day.record.face.status is Status.AWAY
    assert day.changes[-1][0] == NOW + 5 * MINUTE


def test_a_hidden_tab_is_not_away_while_a_claim_lives():
    day = Day(POLICY, NOW)
    day.send(Claimed(claim=claim(status=Status.BUSY, until=NOW + HOUR)))
    day.send(Heartbeat(session="tab", activity=Activity.HIDDEN))
    for _ in range(20):
        day.wait(MINUTE)
        day.renew("tab")
    assert day.record.face.status is Status.BUSY


def test_an_active_beat_ends_idleness_and_an_idle_one_begins_it():
    day = Day(POLICY, NOW)
    for activity, status in (
        (Activity.IDLE, Status.AWAY),
        (Activity.ACTIVE, Status.ONLINE),
        (Activity.IDLE, Status.AWAY),
        (Activity.HIDDEN, Status.AWAY),
    ):
        day.wait(SECOND)
        day.send(Heartbeat(session="tab", activity=activity))
        assert day.record.face.status is status


def test_the_session_that_was_active_last_is_named():
    record = of(tab("old", active_at=NOW - MINUTE), tab("young"))
    assert derive(record, NOW, POLICY).by == "young"


def test_a_choice_that_is_over_counts_no_longer():
    day = Day(POLICY, NOW)
    day.send(Heartbeat(session="tab", activity=Activity.ACTIVE))
    day.send(Chosen(choice=Choice(availability=Availability.BUSY, until=NOW + 30 * SECOND)))
    assert day.record.face.status is Status.BUSY
    assert derive(day.record, NOW + 30 * SECOND, POLICY).status is Status.ONLINE


@given(settled_records())
def test_others_see_somebody_in_rooms_only_while_they_see_them(record):
    rooms = {room for each in record.sessions.values() for room in each.rooms}
    seen = rooms if record.face.status is not Status.OFFLINE else set()
    assert record.visible_rooms() == seen


def test_an_idle_session_was_idle_from_when_it_said_so():
    assert tab(activity=Activity.IDLE).idles_at(POLICY) == NOW
    assert tab(activity=Activity.HIDDEN).idles_at(POLICY) == NOW + 5 * MINUTE

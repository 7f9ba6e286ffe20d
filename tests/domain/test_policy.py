"""A policy whose numbers contradict each other cannot be built, and says which two."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence.domain.policy import ImpossiblePolicyError, Policy
from presence.domain.status import Activity

POLICY = Policy()
DURATIONS = [each.name for each in fields(Policy) if isinstance(each.default, timedelta)]
COUNTS = [each.name for each in fields(Policy) if type(each.default) is int]


def seconds(count):
    return timedelta(seconds=count)


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("lease_after", seconds(59), "heartbeat_interval"),
        ("heartbeat_interval", seconds(26), "lease_after"),
        ("hidden_lease_after", seconds(143), "hidden_heartbeat_interval"),
        ("stream_lease_after", seconds(39), "stream_renewal_interval"),
        ("idle_after", seconds(59), "lease_after"),
        ("leave_grace", seconds(61), "lease_after"),
        ("forget_after", seconds(149), "hidden_lease_after"),
    ],
)
def test_each_impossible_relation_is_refused_naming_both_with_their_values(name, value, other):
    with pytest.raises(ImpossiblePolicyError) as refusal:
        replace(POLICY, **{name: value})
    message = str(refusal.value)
    assert f"{name} ({value})" in message
    assert f"{other} ({getattr(POLICY, other)})" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lease_after", seconds(60)),
        ("hidden_lease_after", seconds(144)),
        ("stream_lease_after", seconds(40)),
        ("idle_after", seconds(60)),
        ("leave_grace", seconds(60)),
        ("leave_grace", seconds(0)),
        ("forget_after", seconds(150)),
        ("jitter", 0.0),
        ("max_sessions", 1),
    ],
)
def test_what_just_holds_is_accepted(name, value):
    assert getattr(replace(POLICY, **{name: value}), name) == value


@pytest.mark.parametrize("name", DURATIONS)
def test_no_duration_is_negative(name):
    with pytest.raises(ImpossiblePolicyError, match=name):
        replace(POLICY, **{name: seconds(-1)})


@pytest.mark.parametrize("name", COUNTS)
def test_every_bound_leaves_room_for_one(name):
    with pytest.raises(ImpossiblePolicyError, match=rf"{name} \(0\)"):
        replace(POLICY, **{name: 0})


@pytest.mark.parametrize("jitter", [-0.1, 0.51])
def test_jitter_beyond_a_half_is_refused(jitter):
    with pytest.raises(ImpossiblePolicyError, match=f"jitter .{jitter}"):
        replace(POLICY, jitter=jitter)


@pytest.mark.parametrize("name", ["heartbeat_interval", "stream_renewal_interval"])
def test_intervals_are_longer_than_nothing(name):
    with pytest.raises(ImpossiblePolicyError, match=name):
        replace(POLICY, **{name: seconds(0)})


@given(st.sampled_from(Activity), st.floats(0, 1, exclude_max=True))
def test_two_beats_in_a_row_may_be_late_and_one_lost_before_the_lease_ends(activity, roll):
    beat = POLICY.next_beat_for(activity, roll)
    assert 0 < 2 * beat <= POLICY.lease_for(activity)
    hidden = activity is Activity.HIDDEN
    interval = 60_000 if hidden else 25_000
    assert 0.8 * interval - 1 <= beat <= 1.2 * interval

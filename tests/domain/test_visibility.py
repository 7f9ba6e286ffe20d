"""Who sees what of whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence.domain.face import UNSEEN, Face
from presence.domain.status import Status
from presence.domain.visibility import (
    OPEN,
    Audience,
    Lens,
    Precision,
    Privacy,
    Relation,
    by_user,
    lens_for,
    seen_through,
)
from tests.domain.strategies import HOUR, NOW, faces

DAY = 24 * HOUR
privacies = st.builds(
    Privacy,
    status=st.sampled_from(Audience),
    last_seen=st.sampled_from(Audience),
    precision=st.sampled_from(Precision),
)
relations = st.builds(
    Relation,
    is_self=st.booleans(),
    is_contact=st.booleans(),
    is_blocked=st.booleans(),
    hides_own=st.booleans(),
)
others = relations.filter(lambda each: not each.is_self)
lenses = st.sampled_from([lens for lens in Lens if lens is not Lens.NOTHING])


def relation(**more):
    return Relation(**more)


@given(privacies, others, st.booleans())
def test_a_block_wins_over_everything(privacy, given_relation, reciprocal):
    blocked = Relation(
        is_contact=given_relation.is_contact,
        is_blocked=True,
        hides_own=given_relation.hides_own,
    )
    assert lens_for(privacy, blocked, is_reciprocal=reciprocal) is Lens.NOTHING


@given(privacies, relations, st.booleans())
def test_everybody_sees_themselves(privacy, given_relation, reciprocal):
    own = Relation(is_self=True, is_blocked=given_relation.is_blocked)
    assert lens_for(privacy, own, is_reciprocal=reciprocal) is Lens.SELF


@pytest.mark.parametrize(
    ("audience", "stranger", "contact"),
    [
        (Audience.EVERYONE, True, True),
        (Audience.CONTACTS, False, True),
        (Audience.NOBODY, False, False),
    ],
)
def test_the_audience_decides_for_status_and_last_seen_apart(audience, stranger, contact):
    for is_contact, seen in ((False, stranger), (True, contact)):
        viewer = relation(is_contact=is_contact)
        lens = lens_for(Privacy(status=audience), viewer)
        assert lens is (Lens.EXACT if seen else Lens.NOTHING)
        lens = lens_for(Privacy(last_seen=audience), viewer)
        assert lens is (Lens.EXACT if seen else Lens.HIDDEN)


@pytest.mark.parametrize("precision", Precision)
def test_the_precision_is_the_lens_of_those_who_may_see(precision):
    assert lens_for(Privacy(precision=precision), relation()).value == precision.value


@given(privacies, others)
def test_who_hides_their_last_seen_sees_none_where_that_is_the_rule(privacy, given_relation):
    lens = lens_for(privacy, given_relation, is_reciprocal=True)
    plain = lens_for(privacy, given_relation, is_reciprocal=False)
    if given_relation.hides_own and plain is not Lens.NOTHING:
        assert lens is Lens.HIDDEN
    else:
        assert lens is plain


def test_without_a_choice_everything_is_open():
    assert lens_for(OPEN, relation()) is Lens.EXACT


@given(faces(), lenses)
def test_a_lens_changes_nothing_but_when_somebody_was_here(face, lens):
    seen = seen_through(face, lens)
    assert (seen.status, seen.devices, seen.message) == (face.status, face.devices, face.message)
    if face.status is not Status.OFFLINE:
        assert seen == face


@given(faces())
def test_a_coarse_lens_shows_the_beginning_of_the_hour_or_day(face):
    for lens, step in ((Lens.HOUR, HOUR), (Lens.DAY, DAY)):
        seen = seen_through(face, lens)
        if face.last_seen is not None:
            assert seen.last_seen == face.last_seen // step * step
            assert seen.since == face.since // step * step


@given(st.integers(NOW, NOW + 20 * DAY), st.integers(NOW, NOW + 20 * DAY))
def test_two_who_left_within_the_same_hour_look_the_same(one, two):
    def offline(at):
        return seen_through(Face(since=at, last_seen=at), Lens.HOUR)

    assert (offline(one) == offline(two)) == (one // HOUR == two // HOUR)


@pytest.mark.parametrize("last_seen", [None, NOW])
def test_the_moment_of_going_does_not_tell_what_last_seen_hides(last_seen):
    face = Face(since=NOW, last_seen=last_seen)
    assert seen_through(face, Lens.HIDDEN) == UNSEEN
    assert seen_through(face, Lens.DAY).since == NOW // DAY * DAY


def test_somebody_whose_going_is_unknown_shows_none():
    face = Face(since=None, last_seen=NOW)
    for lens in (Lens.HOUR, Lens.DAY):
        assert seen_through(face, lens).since is None


def test_a_sight_tells_the_lens_of_each_user():
    sight = {Lens.EXACT: ("ana", "ben"), Lens.DAY: ("chloe",)}
    assert by_user(sight) == {"ana": Lens.EXACT, "ben": Lens.EXACT, "chloe": Lens.DAY}

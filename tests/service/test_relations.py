"""What a viewer is to others, in few queries."""

import pytest

from presence.domain.visibility import (
    Audience,
    Lens,
    Precision,
    Privacy,
    Relation,
    lens_for,
)
from presence.history.writer import write_changes
from presence.service.contacts import accept_contact, add_contact, remove_contact
from presence.service.privacy_rules import block, set_privacy
from presence.service.relations import contact_list, relations_of
from tests.history.changes import NOON, logged, online
from tests.service.configured import configured

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(django_user_model):
    """Four accounts' ids."""
    create = django_user_model.objects.create_user
    return [str(create(username=name).pk) for name in ("ana", "ben", "chloe", "dan")]


def befriend(one: str, two: str) -> None:
    add_contact(owner=one, other=two)
    accept_contact(owner=two, other=one)


def relation(viewer: str, target: str) -> Relation:
    return relations_of(viewer, [target])[target][1]


def test_strangers_who_exist_are_seen_by_their_own_rule(people):
    ana, ben, chloe, _ = people
    closed = Privacy(status=Audience.NOBODY)
    set_privacy(user=chloe, privacy=closed)
    found = relations_of(ana, [ben, chloe])
    assert found == {ben: (Privacy(), Relation()), chloe: (closed, Relation())}


def test_who_does_not_exist_is_left_out(people, django_user_model):
    ana, ben, chloe, _ = people
    write_changes(
        [logged(chloe, online(NOON), version=1), logged("sub|1", online(NOON), version=2)]
    )
    django_user_model.objects.filter(pk=chloe).update(is_active=False)
    asked = [ben, chloe, "sub|1", "sub|2", f"0{ben}", "99999999999999999999", "-1"]
    assert relations_of(ana, asked).keys() == {ben, "sub|1"}


def test_one_is_oneself_whether_or_not_one_was_ever_here():
    assert relations_of("sub|1", ["sub|1"]) == {"sub|1": (Privacy(), Relation(is_self=True))}


def test_nobody_is_asked_for(people):
    assert relations_of(people[0], []) == {}


def test_a_contact_is_one_only_once_both_agree(people):
    ana, ben, *_ = people
    add_contact(owner=ana, other=ben)
    assert not relation(ana, ben).is_contact
    assert not relation(ben, ana).is_contact
    accept_contact(owner=ben, other=ana)
    assert relation(ana, ben).is_contact
    assert relation(ben, ana).is_contact
    remove_contact(owner=ben, other=ana)
    assert not relation(ana, ben).is_contact


def test_where_lists_are_ones_own_adding_somebody_does_not_let_oneself_in(people, settings):
    ana, ben, *_ = people
    with configured(settings, CONTACTS_NEED_ACCEPTANCE=False):
        add_contact(owner=ana, other=ben)
        assert not relation(ana, ben).is_contact
        assert relation(ben, ana).is_contact


def test_a_block_holds_both_ways_and_beside_a_contact(people):
    ana, ben, chloe, _ = people
    befriend(ana, ben)
    block(owner=ben, other=ana)
    assert relation(ana, ben).is_blocked
    assert relation(ben, ana).is_blocked
    assert not relation(ana, chloe).is_blocked
    assert not relation(ben, chloe).is_blocked


@pytest.mark.parametrize(
    ("own", "hidden_from_contact", "hidden_from_stranger"),
    [
        (Privacy(), False, False),
        (Privacy(last_seen=Audience.CONTACTS), False, True),
        (Privacy(last_seen=Audience.NOBODY), True, True),
        (Privacy(precision=Precision.HIDDEN), True, True),
        (Privacy(precision=Precision.DAY), False, False),
    ],
)
def test_hiding_ones_own_last_seen_is_judged_for_each_other(
    people, own, hidden_from_contact, hidden_from_stranger
):
    ana, ben, chloe, _ = people
    befriend(ana, ben)
    set_privacy(user=ana, privacy=own)
    assert relation(ana, ben).hides_own is hidden_from_contact
    assert relation(ana, chloe).hides_own is hidden_from_stranger


def test_an_unknown_and_a_blocking_user_are_both_seen_through_nothing(people):
    ana, ben, *_ = people
    block(owner=ben, other=ana)
    found = relations_of(ana, [ben, "unknown"])
    assert "unknown" not in found
    assert lens_for(*found[ben]) is Lens.NOTHING


@pytest.mark.parametrize("count", [1, 1_000])
def test_four_queries_suffice_for_a_thousand_targets(
    count, django_user_model, django_assert_max_num_queries
):
    accounts = django_user_model.objects.bulk_create(
        django_user_model(username=f"user{number}") for number in range(count // 2)
    )
    strangers = [f"sub|{number}" for number in range(count - len(accounts))]
    write_changes([logged(user, online(NOON), version=n) for n, user in enumerate(strangers)])
    asked = [str(account.pk) for account in accounts] + strangers
    with django_assert_max_num_queries(4):
        assert len(relations_of("me", asked)) == count


def test_listed_contacts_are_the_accepted_ones(people, django_assert_num_queries):
    ana, ben, chloe, dan = people
    befriend(ana, chloe)
    befriend(ben, ana)
    add_contact(owner=ana, other=dan)
    with django_assert_num_queries(1):
        assert contact_list(ana).users == tuple(sorted([ben, chloe]))

"""Contacts are asked for and agreed, and nothing tells a refusal or a block from silence."""

import threading

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connections

from presence.models import Contact
from presence.service.contacts import (
    accept_contact,
    add_contact,
    contacts_of,
    remove_contact,
)
from presence.service.errors import NotFound, Refused
from presence.service.privacy_rules import block, unblock
from presence.service.relations import contact_list
from presence.service.rule_changed import UNCHANGED, RuleChanged
from tests.service.configured import configured

pytestmark = pytest.mark.django_db

BOTH = RuleChanged(users=frozenset({"ana", "ben"}))


def list_of(user: str) -> dict[str, str]:
    return {view.user: view.state for view in contacts_of(user)}


def test_a_request_is_seen_by_both_and_counts_for_nobody():
    assert add_contact(owner="ana", other="ben") == UNCHANGED
    assert list_of("ana") == {"ben": "requested"}
    assert list_of("ben") == {"ana": "incoming"}
    assert contact_list("ana").users == contact_list("ben").users == ()


def test_accepting_makes_both_contacts_of_each_other():
    add_contact(owner="ana", other="ben")
    assert accept_contact(owner="ben", other="ana") == BOTH
    assert list_of("ana") == {"ben": "accepted"}
    assert list_of("ben") == {"ana": "accepted"}
    assert accept_contact(owner="ben", other="ana") == UNCHANGED


def test_asking_back_accepts():
    add_contact(owner="ana", other="ben")
    assert add_contact(owner="ben", other="ana") == BOTH
    assert contact_list("ana").users == ("ben",)
    assert contact_list("ben").users == ("ana",)


def test_asking_again_changes_nothing():
    add_contact(owner="ana", other="ben")
    assert add_contact(owner="ana", other="ben") == UNCHANGED
    assert Contact.objects.count() == 1


def test_only_who_was_asked_can_accept():
    add_contact(owner="ana", other="ben")
    for owner, other in (("ana", "ben"), ("ben", "chloe"), ("chloe", "ana")):
        with pytest.raises(NotFound):
            accept_contact(owner=owner, other=other)
    assert list_of("ana") == {"ben": "requested"}


def test_removing_ends_the_contact_for_both():
    add_contact(owner="ana", other="ben")
    accept_contact(owner="ben", other="ana")
    assert remove_contact(owner="ana", other="ben") == BOTH
    assert list_of("ana") == list_of("ben") == {}


def test_a_request_can_be_withdrawn():
    add_contact(owner="ana", other="ben")
    assert remove_contact(owner="ana", other="ben") == UNCHANGED
    assert list_of("ben") == {}


def test_a_declined_request_looks_unanswered_to_who_asked_and_does_not_return():
    add_contact(owner="ana", other="ben")
    assert remove_contact(owner="ben", other="ana") == UNCHANGED
    assert add_contact(owner="ana", other="ben") == UNCHANGED
    assert list_of("ana") == {"ben": "requested"}
    assert list_of("ben") == {}
    with pytest.raises(NotFound):
        remove_contact(owner="ben", other="ana")


def test_who_declined_may_think_better_of_it():
    add_contact(owner="ana", other="ben")
    remove_contact(owner="ben", other="ana")
    assert add_contact(owner="ben", other="ana") == BOTH


def test_there_is_nothing_to_remove_between_strangers():
    with pytest.raises(NotFound):
        remove_contact(owner="ana", other="ben")


@pytest.mark.parametrize("block_first", [True, False])
def test_a_request_to_who_blocks_looks_like_one_never_answered(block_first):
    if block_first:
        block(owner="ben", other="ana")
    add_contact(owner="ana", other="chloe")
    add_contact(owner="ana", other="ben")
    if not block_first:
        block(owner="ben", other="ana")
    assert list_of("ana") == {"ben": "requested", "chloe": "requested"}
    assert list_of("ben") == {}
    with pytest.raises(NotFound):
        accept_contact(owner="ben", other="ana")
    unblock(owner="ben", other="ana")
    assert list_of("ben") == {"ana": "incoming"}


def test_who_blocks_has_withdrawn_their_own_request():
    add_contact(owner="ben", other="ana")
    block(owner="ben", other="ana")
    add_contact(owner="ana", other="ben")
    assert list_of("ana") == {"ben": "requested"}


def test_a_blocked_contact_stays_listed_to_them_and_returns_with_the_unblocking():
    add_contact(owner="ana", other="ben")
    accept_contact(owner="ben", other="ana")
    block(owner="ben", other="ana")
    assert list_of("ana") == {"ben": "accepted"}
    assert list_of("ben") == {}
    unblock(owner="ben", other="ana")
    assert list_of("ben") == {"ana": "accepted"}


def test_whom_one_blocks_one_cannot_list():
    block(owner="ana", other="ben")
    with pytest.raises(Refused, match="unblock") as refusal:
        add_contact(owner="ana", other="ben")
    assert refusal.value.field == "user"


@pytest.mark.parametrize("other", ["ana", "", "a b", "a,b", "ü", "x" * 129, "a\x00"])
def test_what_is_no_other_user_is_refused(other):
    with pytest.raises(Refused) as refusal:
        add_contact(owner="ana", other=other)
    assert refusal.value.field == "user"
    assert not Contact.objects.exists()


def test_a_list_has_an_end_for_requests_and_acceptances(settings):
    add_contact(owner="chloe", other="ana")
    with configured(settings, MAX_WATCHED=2):
        add_contact(owner="ana", other="1")
        add_contact(owner="ana", other="2")
        with pytest.raises(Refused, match="at most 2"):
            add_contact(owner="ana", other="3")
        with pytest.raises(Refused, match="at most 2"):
            accept_contact(owner="ana", other="chloe")
        add_contact(owner="ana", other="2")


def test_names_are_those_of_accounts_once_they_agree_or_ask():
    create = get_user_model().objects.create_user
    ana, ben, chloe = (create(username=name) for name in ("ana", "ben", "chloe"))
    me = str(ana.pk)
    add_contact(owner=me, other=str(ben.pk))
    add_contact(owner=str(chloe.pk), other=me)
    add_contact(owner="auth0|zoe", other=me)
    accept_contact(owner=me, other="auth0|zoe")
    names = {view.user: view.name for view in contacts_of(me)}
    assert names == {str(ben.pk): str(ben.pk), str(chloe.pk): "chloe", "auth0|zoe": "auth0|zoe"}


def test_without_acceptance_everybody_keeps_a_list_of_their_own(settings):
    with configured(settings, CONTACTS_NEED_ACCEPTANCE=False):
        assert add_contact(owner="ana", other="ben") == BOTH
        assert add_contact(owner="ana", other="ben") == UNCHANGED
        assert (list_of("ana"), list_of("ben")) == ({"ben": "accepted"}, {})
        add_contact(owner="ben", other="ana")
        assert remove_contact(owner="ana", other="ben") == BOTH
        assert (list_of("ana"), list_of("ben")) == ({}, {"ana": "accepted"})


def test_four_queries_show_any_list(django_assert_num_queries):
    create = get_user_model().objects.create_user
    ids = [str(create(username=f"user{number}").pk) for number in range(20)]
    for other in ids[1:]:
        add_contact(owner=other, other=ids[0])
        accept_contact(owner=ids[0], other=other)
    with django_assert_num_queries(4):
        assert len(contacts_of(ids[0])) == 19


@pytest.mark.parametrize(
    "broken",
    [
        {"owner": "ana", "other": "ana", "state": "accepted"},
        {"owner": "ana", "other": "ben", "state": "friends"},
    ],
)
def test_the_table_itself_refuses_what_makes_no_sense(broken):
    with pytest.raises(IntegrityError):
        Contact.objects.create(**broken)


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_each_other_at_the_same_moment_agree():
    start = threading.Barrier(2)

    def ask(owner: str, other: str) -> None:
        try:
            start.wait(10)
            add_contact(owner=owner, other=other)
        finally:
            connections.close_all()

    for round_ in range(5):
        one, two = f"ana{round_}", f"ben{round_}"
        threads = [threading.Thread(target=ask, args=pair) for pair in ((one, two), (two, one))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (list_of(one), list_of(two)) == ({two: "accepted"}, {one: "accepted"})

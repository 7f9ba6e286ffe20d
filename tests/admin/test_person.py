"""A person's page: what others last saw, the latest changes, and why, for those who may know."""

import pytest
from django.contrib.auth.models import Permission
from django.template.loader import render_to_string
from django.urls import reverse

from presence.admin.explanation import ShownExplanation, explanation_of, sentence
from presence.domain.derivation import Derivation, Rule
from presence.domain.status import Activity, Availability, Device, Status
from presence.history.writer import write_changes
from presence.models import LastSeen
from presence.service.contacts import add_contact
from presence.service.errors import Unavailable
from presence.service.privacy_rules import block
from presence.wiring import call
from tests.history.changes import coming_and_going

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.admin.urls")]

WHY = "Why, right now"


@pytest.fixture
def operator(client, django_user_model):
    """Log in as staff with these permissions of the app."""

    def log_in(*permissions):
        staff = django_user_model.objects.create_user(username="operator", is_staff=True)
        named = Permission.objects.filter(content_type__app_label="presence")
        staff.user_permissions.add(*named.filter(codename__in=permissions))
        client.force_login(staff)
        return client

    return log_in


def page(client, user):
    response = client.get(reverse("admin:presence_lastseen_change", args=(user,)))
    assert response.status_code == 200
    return response.content.decode()


def test_it_shows_what_others_last_saw_and_the_latest_changes(operator):
    write_changes(coming_and_going("7", 40))
    text = page(operator("view_lastseen"), "7")
    assert "change 40 of shard 0, epoch e1" in text
    assert text.count("<time ") >= 25
    assert "All changes" not in text  # which this operator may not list
    assert WHY not in text
    assert "Who sees whom" not in text


def test_who_was_never_here_has_a_page_that_says_so(operator):
    assert "auth0|zoe was never here" in page(operator("view_lastseen"), "auth0|zoe")


@pytest.mark.parametrize("user", ["a b", "x" * 129, "a,b"])
def test_what_is_no_user_id_has_no_page(operator, user):
    client = operator("view_lastseen")
    assert client.get(reverse("admin:presence_lastseen_change", args=(user,))).status_code == 404


def test_who_may_not_see_last_seen_is_refused(operator):
    client = operator("explain_lastseen", "view_transition")
    assert client.get(reverse("admin:presence_lastseen_change", args=("7",))).status_code == 403


def test_contacts_and_blocks_are_shown_to_who_may_see_those_tables(operator):
    add_contact(owner="chloe", other="7")
    block(owner="7", other="mallory")
    text = page(operator("view_lastseen", "view_contact", "view_block"), "7")
    assert "chloe (incoming)" in text
    assert "mallory" in text
    assert "Lets see" not in text


@pytest.mark.django_db(transaction=True)
def test_why_shows_the_live_sessions_and_the_rule_that_won(operator, redis_url):
    call(
        lambda parts: parts.heartbeats.record(
            user="7", session="tab-1", activity=Activity.ACTIVE, device=Device.DESKTOP
        )
    )
    text = page(operator("view_lastseen", "explain_lastseen"), "7")
    assert WHY in text
    assert "tab-1" in text
    assert '<span class="presence-badge">desktop</span>' in text
    assert "this one is active" in text


@pytest.mark.django_db(transaction=True)
def test_only_who_may_ask_why_learns_of_an_invisible_person(operator, redis_url):
    call(lambda parts: parts.availability.choose(user="7", availability=Availability.INVISIBLE))
    call(lambda parts: parts.heartbeats.record(user="7", session="tab-1", activity=Activity.ACTIVE))
    client = operator("view_lastseen")
    assert "tab-1" not in page(client, "7")
    staff = Permission.objects.get(codename="explain_lastseen")
    staff.user_set.add(client.session["_auth_user_id"])
    text = page(client, "7")
    assert "chose to be invisible" in text
    assert "tab-1" in text


def failing(error):
    def ask(user):
        raise error

    return ask


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unavailable("the live store did not answer"), "the live store did not answer"),
        (TimeoutError(), "the live store took too long to answer"),
    ],
)
def test_a_live_store_that_is_away_takes_nothing_but_the_answer_from_the_page(error, said):
    why = explanation_of("7", ask=failing(error))
    assert why == ShownExplanation(failure=said)
    text = render_to_string(
        "admin/presence/lastseen/person.html", {"why": why, "opts": LastSeen._meta}
    )
    assert f"Cannot be told now: {said}." in text


@pytest.mark.parametrize("rule", [*Rule])
def test_every_rule_has_a_sentence(rule):
    assert sentence(Derivation(status=Status.AWAY, rule=rule)).endswith(".")

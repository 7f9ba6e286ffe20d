"""Operators see who is online and what happened; who may not is refused, and nobody edits."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from presence.admin.bounded import BoundedPaginator
from presence.domain.face import Face
from presence.domain.message import Message
from presence.domain.status import Device, Status
from presence.domain.visibility import Audience, Privacy
from presence.history.writer import write_changes
from presence.models import Standing, Transition
from presence.service.contacts import add_contact
from presence.service.privacy_rules import block, set_privacy
from tests.history.changes import MINUTE, NOON, coming_and_going, logged, offline, online

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.admin.urls")]

MODELS = ("lastseen", "transition", "contact", "block", "privacyrule", "standing")


@pytest.fixture
def people(django_user_model):
    """Ids of ana, ben and chloe."""
    create = django_user_model.objects.create_user
    return {name: str(create(username=name).pk) for name in ("ana", "ben", "chloe")}


@pytest.fixture
def operator(client, django_user_model):
    """Log in as staff who may see some models: `operator("lastseen")` returns the client."""

    def log_in(*models, also=()):
        staff = django_user_model.objects.create_user(username="operator", is_staff=True)
        names = [f"view_{model}" for model in models] + list(also)
        found = Permission.objects.filter(content_type__app_label="presence", codename__in=names)
        staff.user_permissions.add(*found)
        client.force_login(staff)
        return client

    return log_in


def page(client, model, **query):
    response = client.get(reverse(f"admin:presence_{model}_changelist"), query)
    assert response.status_code == 200
    return response


def fill(people):
    ana, ben, chloe = people.values()
    message = Message(text="lunch <b>now</b>", emoji="🍜")
    busy = Face(status=Status.BUSY, since=NOON, devices=(Device.MOBILE,), message=message)
    write_changes(
        [
            logged(ana, online(NOON + MINUTE), version=1),
            logged(ben, busy, version=2),
            logged(chloe, offline(NOON - MINUTE), version=3),
            logged("auth0|zoe", online(NOON), version=4),
        ]
    )
    add_contact(owner=ana, other=ben)
    block(owner=chloe, other=ana)
    set_privacy(user=ben, privacy=Privacy(status=Audience.CONTACTS))
    Standing.objects.create(user=ben, availability="busy", message_text="lunch")


@pytest.mark.parametrize("model", MODELS)
def test_every_list_and_row_is_shown_to_who_may_see_it(model, operator, people):
    fill(people)
    client = operator(model)
    shown = page(client, model).context["cl"]
    assert shown.result_count >= 1
    key = shown.result_list[0].pk
    assert client.get(reverse(f"admin:presence_{model}_change", args=(key,))).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_staff_without_the_permission_are_refused(model, operator, people):
    fill(people)
    others = [other for other in MODELS if other != model]
    client = operator(*others)
    assert client.get(reverse(f"admin:presence_{model}_changelist")).status_code == 403
    assert client.get(reverse(f"admin:presence_{model}_change", args=("1",))).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_who_is_not_staff_is_sent_to_the_login(model, client, people, django_user_model):
    user = django_user_model.objects.get(username="ana")
    user.user_permissions.add(*Permission.objects.filter(content_type__app_label="presence"))
    client.force_login(user)
    response = client.get(reverse(f"admin:presence_{model}_changelist"))
    assert response.status_code == 302
    assert "/login/" in response.url


@pytest.mark.parametrize("model", MODELS)
def test_not_even_a_superuser_edits(model, admin_client, people):
    fill(people)
    key = page(admin_client, model).context["cl"].result_list[0].pk
    assert admin_client.get(reverse(f"admin:presence_{model}_add")).status_code == 403
    gone = reverse(f"admin:presence_{model}_delete", args=(key,))
    assert admin_client.post(gone, {"post": "yes"}).status_code == 403
    if model != "lastseen":  # whose page knows no POST at all
        change = reverse(f"admin:presence_{model}_change", args=(key,))
        assert admin_client.post(change, {"state": "accepted"}).status_code == 403


def test_who_is_online_now_is_one_click_away_newest_change_first(operator, people):
    fill(people)
    rows = page(operator("lastseen"), "lastseen", status="reachable").context["cl"].result_list
    assert rows[0].user == people["ana"]
    assert {row.user for row in rows} == {people["ana"], people["ben"], "auth0|zoe"}


@pytest.mark.parametrize("status", [*Status])
def test_one_status_can_be_asked_for(status, operator, people):
    fill(people)
    found = page(operator("lastseen"), "lastseen", status=status.value).context["cl"].result_list
    assert all(row.status == status for row in found)
    assert (
        len(found) == {Status.ONLINE: 2, Status.BUSY: 1, Status.OFFLINE: 1, Status.AWAY: 0}[status]
    )


def test_a_row_shows_name_dot_devices_and_message_as_text(operator, people):
    fill(people)
    text = page(operator("lastseen"), "lastseen").content.decode()
    assert f'ben <span class="presence-id">{people["ben"]}</span>' in text
    assert '<span class="presence-dot presence-busy" aria-hidden="true"></span>busy' in text
    assert '<span class="presence-badge">mobile</span>' in text
    assert "🍜 lunch &lt;b&gt;now&lt;/b&gt;" in text
    assert "about a second after the change" in text


def test_a_message_that_is_over_is_not_shown(operator):
    message = Message(text="yesterday's news", until=NOON + MINUTE)
    face = Face(status=Status.ONLINE, since=NOON, message=message)
    write_changes([logged("7", face, version=1)])
    assert "yesterday" not in page(operator("lastseen"), "lastseen").content.decode()


@pytest.mark.parametrize("model", ["lastseen", "transition"])
@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("auth0", {"auth0|zoe"}),
        ("BE", {"ben"}),
        ("nobody", set()),
        ("  ana ", {"ana"}),
        ("%", set()),
    ],
)
def test_people_are_found_by_id_and_by_user_name(model, term, found, operator, people):
    fill(people)
    rows = page(operator(model), model, q=term).context["cl"].result_list
    assert {row.user for row in rows} == {people.get(name, name) for name in found}


def test_pairs_are_found_by_either_of_the_two(operator, people):
    fill(people)
    client = operator("contact", "block")
    for name in ("ana", "ben"):
        assert page(client, "contact", q=name).context["cl"].result_count == 1
    assert page(client, "contact", q="chloe").context["cl"].result_count == 0
    assert page(client, "block", q="chloe").context["cl"].result_count == 1


def test_transitions_come_newest_first_and_by_status_and_day(operator):
    write_changes(coming_and_going("7", 6))
    client = operator("transition")
    assert [row.version for row in page(client, "transition").context["cl"].result_list] == [
        6,
        5,
        4,
        3,
        2,
        1,
    ]
    away = page(client, "transition", after__exact="online").context["cl"].result_list
    assert [row.version for row in away] == [5, 3, 1]
    day = {"at__gte": "2026-11-06 00:00:00+00:00", "at__lt": "2026-11-07 00:00:00+00:00"}
    assert page(client, "transition", **day).context["cl"].result_count == 0


@pytest.mark.parametrize("model", MODELS)
def test_a_page_takes_the_same_few_queries_however_long_the_list(
    model, operator, people, django_assert_max_num_queries
):
    fill(people)
    for number in range(40):
        user = f"sub|{number}"
        add_contact(owner=people["ben"], other=user)
        block(owner=people["ben"], other=user)
        set_privacy(user=user, privacy=Privacy())
        Standing.objects.create(user=user)
    write_changes([logged(f"sub|{n}", online(NOON), version=100 + n) for n in range(40)])
    client = operator(model)
    with django_assert_max_num_queries(10):
        page(client, model, q="sub")


def test_counting_stops_at_the_bound(monkeypatch):
    write_changes(coming_and_going("7", 20))
    monkeypatch.setattr("presence.admin.bounded.MOST", 15)
    paginator = BoundedPaginator(Transition.objects.order_by("-id"), 10)
    assert (paginator.count, paginator.num_pages) == (15, 2)
    assert len(paginator.page(2).object_list) == 5

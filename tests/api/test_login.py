"""Logging in, renewing and getting a presence token."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework_simplejwt.tokens import RefreshToken

from presence.service.tokens import Kind, verify
from tests.api.conftest import PASSWORD, Api, problem_of


@pytest.fixture
def pair(nobody: Api, person: Any) -> dict[str, str]:
    answer = nobody.post("token/", {"username": "ana", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    pair: dict[str, str] = answer.json()
    return pair


def bearer(token: str) -> Api:
    api = Api()
    api.headers["Authorization"] = f"Bearer {token}"
    return api


def test_a_name_and_a_password_give_a_pair_whose_access_token_is_accepted(
    pair: dict[str, str], person: Any
) -> None:
    assert set(pair) == {"access", "refresh"}
    assert verify(pair["access"]).user == str(person.pk)


def test_a_wrong_password_a_stranger_and_a_deactivated_account_look_the_same(
    nobody: Api, person: Any
) -> None:
    wrong = nobody.post("token/", {"username": "ana", "password": "wrong"})
    stranger = nobody.post("token/", {"username": "nobody", "password": PASSWORD})
    person.is_active = False
    person.save()
    gone = nobody.post("token/", {"username": "ana", "password": PASSWORD})
    for answer in (wrong, stranger, gone):
        problem_of(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert wrong.content == stranger.content == gone.content


def test_guessing_a_password_is_slowed_down_and_knowing_it_is_not(nobody: Api, person: Any) -> None:
    for _ in range(20):
        assert nobody.post("token/", {"username": "ana", "password": PASSWORD}).status_code == 200
    answers = [nobody.post("token/", {"username": "ana", "password": "x"}) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    problem_of(answers[-1], 429)
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    # Another name from the same address is not held up by that.
    problem_of(nobody.post("token/", {"username": "ben", "password": "x"}), 401)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "username"),
        ({"username": "ana"}, "password"),
        ({"username": "ana", "password": 7}, "password"),
        ({"username": ["ana"], "password": "x"}, "username"),
        ({"username": "a\x00b", "password": "x"}, "username"),
        ({"username": "a\nb", "password": "x"}, "username"),
        ({"username": "a" * 151, "password": "x"}, "username"),
        ({"username": "ana", "password": "x" * 1025}, "password"),
        ({"username": "ana", "password": "x", "pin": 1}, "pin"),
        ([], None),
        ("ana", None),
    ],
)
def test_a_malformed_login_names_the_field(nobody: Api, body: Any, field: str | None) -> None:
    problem_of(nobody.post("token/", body if field else repr(body)), 400, field)


def test_renewing_spends_the_refresh_token(nobody: Api, pair: dict[str, str]) -> None:
    renewed = nobody.post("token/refresh/", {"refresh": pair["refresh"]})
    assert renewed.status_code == 200
    assert set(renewed.json()) == {"access", "refresh"}
    assert renewed.json()["refresh"] != pair["refresh"]
    problem_of(nobody.post("token/refresh/", {"refresh": pair["refresh"]}), 401)
    again = nobody.post("token/refresh/", {"refresh": renewed.json()["refresh"]})
    assert again.status_code == 200


def test_renewing_ends_with_the_account(nobody: Api, pair: dict[str, str], person: Any) -> None:
    person.is_active = False
    person.save()
    problem_of(nobody.post("token/refresh/", {"refresh": pair["refresh"]}), 401)
    person.delete()
    problem_of(nobody.post("token/refresh/", {"refresh": pair["refresh"]}), 401)


def test_only_a_good_refresh_token_renews(nobody: Api, pair: dict[str, str], person: Any) -> None:
    expired = RefreshToken.for_user(person)
    expired.set_exp(lifetime=-timedelta(seconds=1))
    for refresh in (pair["access"], str(expired), "x", "a.b.c"):
        problem_of(nobody.post("token/refresh/", {"refresh": refresh}), 401)
    problem_of(nobody.post("token/refresh/", {}), 400, "refresh")


class TestPresenceToken:
    def test_an_access_token_gets_one_as_answer_and_cookie(
        self, pair: dict[str, str], person: Any
    ) -> None:
        answer = bearer(pair["access"]).post("presence/token/")
        assert answer.status_code == 200
        assert answer.json()["expires_in"] == 3600
        token = answer.json()["token"]
        verified = verify(token)
        assert (verified.user, verified.kind) == (str(person.pk), Kind.PRESENCE)
        cookie = answer.cookies["presence_token"]
        assert cookie.value == token
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
        assert cookie["max-age"] == 3600
        assert not cookie["secure"]

    def test_the_cookie_is_for_https_alone_where_the_session_is(
        self, pair: dict[str, str], settings: Any
    ) -> None:
        settings.SESSION_COOKIE_SECURE = True
        answer = bearer(pair["access"]).post("presence/token/")
        assert answer.cookies["presence_token"]["secure"]

    def test_a_page_gets_one_with_its_csrf_token_and_not_without(self, person: Any) -> None:
        page = Api(enforce_csrf_checks=True)
        page.client.force_login(person)
        problem_of(page.post("presence/token/"), 403)
        page.client.cookies["csrftoken"] = csrf = "a" * 32
        answer = page.post("presence/token/", **{"X-CSRFToken": csrf})
        assert verify(answer.json()["token"]).user == str(person.pk)

    def test_a_presence_token_cannot_get_another_one(self) -> None:
        problem_of(Api("42").post("presence/token/"), 403)

    def test_nobody_gets_none(self, nobody: Api, pair: dict[str, str]) -> None:
        answer = nobody.post("presence/token/")
        problem_of(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        problem_of(bearer(pair["refresh"]).post("presence/token/"), 401)

    def test_the_cookie_alone_opens_nothing_here(self, person: Any) -> None:
        api = Api()
        api.client.cookies["presence_token"] = Api("42").headers["Authorization"].split()[1]
        problem_of(api.post("presence/token/"), 401)

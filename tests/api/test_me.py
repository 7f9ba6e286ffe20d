"""Oneself: what one chose, one's sessions, and why one is shown as one is."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import Api, problem_of
from tests.api.people import come, go, make_person, record_of

pytestmark = pytest.mark.django_db(transaction=True)


def later(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


@pytest.fixture
def ana() -> str:
    return make_person("ana")


@pytest.fixture
def ben() -> str:
    return make_person("ben")


def test_at_first_one_has_chosen_nothing(ana: str) -> None:
    assert Api(ana).get("me/").json() == {
        "user": ana,
        "name": "ana",
        "availability": "auto",
        "until": None,
        "message": None,
        "status": "offline",
    }


def test_who_has_no_account_is_called_by_the_id() -> None:
    assert Api("auth0|7").get("me/").json()["name"] == "auth0|7"


def test_what_one_chooses_holds_and_others_see_it(ana: str, ben: str) -> None:
    come(ana)
    until = later(hours=1)
    body = {"availability": "busy", "until": until, "message": {"text": " Lunch ", "emoji": "🍜"}}
    answer = Api(ana).put("me/status/", body)
    assert answer.status_code == 200
    me = answer.json()
    assert (me["availability"], me["status"]) == ("busy", "busy")
    assert datetime.fromisoformat(me["until"]) - datetime.fromisoformat(until) < timedelta(0.001)
    assert me["message"] == {"text": "Lunch", "emoji": "🍜", "until": None}
    assert Api(ana).get("me/").json() == me
    seen = record_of(ben, ana)
    assert (seen["status"], seen["message"]) == ("busy", me["message"])


def test_a_message_stays_unless_it_is_said(ana: str) -> None:
    Api(ana).put("me/status/", {"availability": "auto", "message": {"text": "Hi"}})
    kept = Api(ana).put("me/status/", {"availability": "away"}).json()
    assert kept["message"]["text"] == "Hi"
    gone = Api(ana).put("me/status/", {"availability": "away", "message": None}).json()
    assert gone["message"] is None


def test_the_invisible_see_themselves(ana: str) -> None:
    come(ana)
    me = Api(ana).put("me/status/", {"availability": "invisible"}).json()
    assert (me["availability"], me["status"]) == ("invisible", "online")
    why = Api(ana).get("me/why/").json()
    assert (why["status"], why["shown"], why["rule"]) == ("online", "offline", "choice")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "availability"),
        ({"availability": "asleep"}, "availability"),
        ({"availability": "offline"}, "availability"),
        ({"availability": None}, "availability"),
        ({"availability": 1}, "availability"),
        ({"availability": ["auto"]}, "availability"),
        ({"availability": "BUSY"}, "availability"),
        ({"availability": "busy", "until": "tomorrow"}, "until"),
        ({"availability": "busy", "until": 1_900_000_000}, "until"),
        ({"availability": "busy", "until": "2030-01-01T00:00:00"}, "until"),
        ({"availability": "busy", "until": "2020-01-01T00:00:00Z"}, "until"),
        ({"availability": "busy", "until": later(days=367)}, "until"),
        ({"availability": "busy", "until": "9999-12-31T23:59:59Z"}, "until"),
        ({"availability": "busy", "untill": None}, "untill"),
        ({"availability": "busy", "message": "Hi"}, "message"),
        ({"availability": "busy", "message": {}}, "message.text"),
        ({"availability": "busy", "message": {"text": "x" * 141}}, "message.text"),
        ({"availability": "busy", "message": {"text": "a\nb"}}, "message.text"),
        ({"availability": "busy", "message": {"text": "a\u202eb"}}, "message.text"),
        ({"availability": "busy", "message": {"text": "a\x00b"}}, "message.text"),
        ({"availability": "busy", "message": {"text": "\ud800"}}, "message.text"),
        ({"availability": "busy", "message": {"text": 7}}, "message.text"),
        ({"availability": "busy", "message": {"emoji": "🍜" * 17}}, "message.emoji"),
        ({"availability": "busy", "message": {"text": "a", "until": "never"}}, "message.until"),
        ({"availability": "busy", "message": {"text": "a", "color": "red"}}, "message.color"),
    ],
)
def test_a_malformed_choice_names_the_field_and_changes_nothing(
    ana: str, body: Any, field: str
) -> None:
    before = Api(ana).get("me/").json()
    problem_of(Api(ana).put("me/status/", json.dumps(body)), 400, field)
    assert Api(ana).get("me/").json() == before


def test_a_word_that_is_not_known_is_answered_with_those_that_are(ana: str) -> None:
    problem = problem_of(Api(ana).put("me/status/", {"availability": "x"}), 400, "availability")
    assert "auto, away, busy, invisible" in problem["detail"]


class TestSessions:
    def test_one_sees_and_ends_ones_own(self, ana: str, ben: str) -> None:
        come(ana, "tab-1")
        come(ana, "phone")
        sessions = Api(ana).get("me/sessions/").json()["sessions"]
        assert {each["session"] for each in sessions} == {"tab-1", "phone"}
        (tab,) = [each for each in sessions if each["session"] == "tab-1"]
        assert (tab["device"], tab["activity"], tab["leaving"]) == ("web", "active", False)
        assert 0 < tab["lease_left_ms"] <= 60_000
        assert Api(ana).delete("me/sessions/tab-1/").status_code == 204
        assert record_of(ben, ana)["status"] == "online"
        assert Api(ana).delete("me/sessions/phone/").status_code == 204
        assert record_of(ben, ana)["status"] == "offline"
        problem_of(Api(ana).delete("me/sessions/phone/"), 404)

    def test_nobody_ends_anothers(self, ana: str, ben: str) -> None:
        come(ana, "tab-1")
        problem_of(Api(ben).delete("me/sessions/tab-1/"), 404)
        assert record_of(ben, ana)["status"] == "online"


def test_why_names_the_rule_that_won(ana: str) -> None:
    assert Api(ana).get("me/why/").json()["rule"] == "no_session"
    come(ana)
    why = Api(ana).get("me/why/").json()
    assert (why["rule"], why["by"], why["status"]) == ("active_session", "tab-1", "online")
    Api(ana).put("me/status/", {"availability": "away"})
    why = Api(ana).get("me/why/").json()
    assert (why["rule"], why["availability"], why["shown"]) == ("choice", "away", "away")
    go(ana)
    assert Api(ana).get("me/why/").json()["rule"] == "no_session"

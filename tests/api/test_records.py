"""Records: what is told of whom, and that silence about some looks like silence about all."""

import json
from typing import Any

import pytest

from presence.domain.status import Activity
from tests.api.conftest import Api, problem_of
from tests.api.people import come, go, make_person, record_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana() -> str:
    return make_person("ana")


@pytest.fixture
def ben() -> str:
    return make_person("ben")


def test_who_beats_is_online_and_who_left_was_last_seen_then(ana: str, ben: str) -> None:
    assert record_of(ben, ana)["status"] == "offline"
    come(ana)
    online = record_of(ben, ana)
    assert set(online) == {"user", "status", "since", "last_seen", "devices", "message", "version"}
    assert (online["user"], online["status"], online["last_seen"]) == (ana, "online", None)
    assert online["devices"] == ["web"]
    go(ana)
    offline = record_of(ben, ana)
    assert (offline["status"], offline["devices"]) == ("offline", [])
    assert online["since"] <= offline["last_seen"] <= offline["since"]
    assert offline["version"] > online["version"]


def test_who_reports_to_be_idle_is_away(ana: str, ben: str) -> None:
    come(ana, activity=Activity.IDLE)
    assert record_of(ben, ana)["status"] == "away"


def test_lists_and_queries_tell_the_same(ana: str, ben: str) -> None:
    come(ana)
    listed = Api(ben).get(f"presence/?users={ana},nobody,{ben},{ana}").json()
    asked = Api(ben).post("presence/query/", {"users": [int(ana), "nobody", ben]}).json()
    assert [each["user"] for each in listed["users"]] == [ana, ben]
    assert listed["unknown"] == ["nobody"]
    assert listed["stale_after_ms"] > 0
    assert listed == asked
    assert listed["users"][0] == record_of(ben, ana)


def test_a_thousand_can_be_asked_for_and_no_more(ana: str) -> None:
    ids = [f"u{number}" for number in range(1_000)]
    answer = Api(ana).post("presence/query/", {"users": ids})
    assert answer.json()["unknown"] == ids
    problem = problem_of(Api(ana).post("presence/query/", {"users": [*ids, "x"]}), 400, "users")
    assert "1000" in problem["detail"]
    problem_of(Api(ana).get("presence/?users=" + ",".join([*ids, "x"])), 400, "users")


def test_nobody_is_an_answer_too(ana: str) -> None:
    assert Api(ana).post("presence/query/", {"users": []}).json()["users"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "users"),
        ({"users": None}, "users"),
        ({"users": "1,2"}, "users"),
        ({"users": {"1": 1}}, "users"),
        ({"users": ["ok", ""]}, "users.1"),
        ({"users": ["a b"]}, "users.0"),
        ({"users": ["a\nb"]}, "users.0"),
        ({"users": ["ä"]}, "users.0"),
        ({"users": ["\ud800"]}, "users.0"),
        ({"users": ["x" * 129]}, "users.0"),
        ({"users": [1.5]}, "users.0"),
        ({"users": [True]}, "users.0"),
        ({"users": [-1]}, "users.0"),
        ({"users": [["1"]]}, "users.0"),
        ({"users": ["1"], "since": "x"}, "since"),
    ],
)
def test_a_malformed_query_names_the_place(ana: str, body: Any, field: str) -> None:
    problem_of(Api(ana).post("presence/query/", json.dumps(body)), 400, field)


def test_a_malformed_list_names_the_place(ana: str) -> None:
    problem_of(Api(ana).get("presence/"), 400, "users")
    problem_of(Api(ana).get("presence/?users="), 400, "users")
    problem_of(Api(ana).get("presence/?users=1,,2"), 400, "users.1")
    problem_of(Api(ana).get("presence/?users=1,a%00b"), 400, "users.1")


class TestSilence:
    def test_every_kind_of_nothing_is_the_same_bytes(self, ana: str, ben: str) -> None:
        come(ben)
        Api(ben).post("me/blocks/", {"user": ana})
        hidden = make_person("hidden")
        nobody = {"status": "nobody", "last_seen": "nobody", "precision": "exact"}
        assert Api(hidden).put("me/privacy/", nobody).status_code == 200
        answers = [
            Api(ana).get(f"presence/{user}/")
            for user in (ben, hidden, "999999999", "x" * 128, "x" * 200, "a b", "%C3%A4")
        ]
        for answer in answers:
            problem_of(answer, 404)
        assert len({answer.content for answer in answers}) == 1
        assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1

    def test_who_blocks_and_who_does_not_exist_are_both_unknown(self, ana: str, ben: str) -> None:
        come(ben)
        assert Api(ben).post("me/blocks/", {"user": ana}).status_code == 201
        answer = Api(ana).get(f"presence/?users={ben},nobody").json()
        assert (answer["users"], answer["unknown"]) == ([], [ben, "nobody"])

    def test_the_invisible_look_like_those_who_left(self, ana: str, ben: str) -> None:
        come(ben)
        Api(ben).put("me/status/", {"availability": "invisible"})
        hidden = record_of(ana, ben)
        assert (hidden["status"], hidden["devices"]) == ("offline", [])
        assert hidden["last_seen"] is not None
        come(ben, session="tab-2")
        assert record_of(ana, ben) == hidden


class TestConditionalReads:
    def test_an_unchanged_record_is_not_sent_again(self, ana: str, ben: str) -> None:
        come(ana)
        first = Api(ben).get(f"presence/{ana}/")
        tag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "private, no-cache"
        assert {"Authorization", "Cookie"} <= set(first.headers["Vary"].split(", "))
        again = Api(ben).get(f"presence/{ana}/", **{"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
        come(ana)  # a beat that changes nothing
        assert Api(ben).get(f"presence/{ana}/", **{"If-None-Match": tag}).status_code == 304
        go(ana)
        changed = Api(ben).get(f"presence/{ana}/", **{"If-None-Match": tag})
        assert changed.status_code == 200
        assert changed.headers["ETag"] != tag

    def test_a_list_is_tagged_too(self, ana: str, ben: str) -> None:
        tag = Api(ben).get(f"presence/?users={ana}").headers["ETag"]
        again = Api(ben).get(f"presence/?users={ana}", **{"If-None-Match": tag})
        assert again.status_code == 304

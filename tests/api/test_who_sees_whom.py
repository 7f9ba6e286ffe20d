"""Contacts, blocks and privacy through the API."""

from typing import Any

import pytest

from tests.api.conftest import Api, problem_of
from tests.api.people import come, go, make_contacts, make_person, record_of

pytestmark = pytest.mark.django_db(transaction=True)

OPEN = {"status": "everyone", "last_seen": "everyone", "precision": "exact"}


@pytest.fixture
def ana() -> str:
    return make_person("ana")


@pytest.fixture
def ben() -> str:
    return make_person("ben")


def contacts(user: str) -> list[tuple[str, str, str]]:
    listed = Api(user).get("me/contacts/").json()["contacts"]
    return [(each["user"], each["name"], each["state"]) for each in listed]


class TestContacts:
    def test_one_asks_the_other_asks_back_and_either_ends_it(self, ana: str, ben: str) -> None:
        asked = Api(ana).post("me/contacts/", {"user": ben})
        assert (asked.status_code, asked.json()) == (
            201,
            {"user": ben, "name": ben, "state": "requested"},
        )
        assert contacts(ben) == [(ana, "ana", "incoming")]
        agreed = Api(ben).post("me/contacts/", {"user": int(ana)})
        assert agreed.json() == {"user": ana, "name": "ana", "state": "accepted"}
        assert contacts(ana) == [(ben, "ben", "accepted")]
        assert Api(ana).delete(f"me/contacts/{ben}/").status_code == 204
        assert contacts(ana) == contacts(ben) == []
        problem_of(Api(ana).delete(f"me/contacts/{ben}/"), 404)

    def test_asking_a_stranger_a_blocker_and_nobody_looks_the_same(
        self, ana: str, ben: str
    ) -> None:
        Api(ben).post("me/blocks/", {"user": ana})
        stranger = make_person("stranger")
        for other in (ben, stranger, "999999999"):
            answer = Api(ana).post("me/contacts/", {"user": other})
            assert (answer.status_code, answer.json()) == (
                201,
                {"user": other, "name": other, "state": "requested"},
            )

    @pytest.mark.parametrize(
        "body", [{}, {"user": ""}, {"user": None}, {"user": "a b"}, {"user": True}, {"user": []}]
    )
    @pytest.mark.parametrize("path", ["me/contacts/", "me/blocks/"])
    def test_who_cannot_be_a_user_is_refused(self, ana: str, path: str, body: Any) -> None:
        problem_of(Api(ana).post(path, body), 400, "user")

    @pytest.mark.parametrize("path", ["me/contacts/", "me/blocks/"])
    def test_oneself_is_refused(self, ana: str, path: str) -> None:
        problem_of(Api(ana).post(path, {"user": ana}), 400, "user")


class TestBlocks:
    def test_a_block_hides_both_until_it_is_taken_back(self, ana: str, ben: str) -> None:
        assert record_of(ana, ben)["status"] == "offline"
        blocked = Api(ana).post("me/blocks/", {"user": ben})
        assert (blocked.status_code, blocked.json()) == (201, {"user": ben, "name": "ben"})
        assert Api(ana).get("me/blocks/").json() == {"blocks": [{"user": ben, "name": "ben"}]}
        problem_of(Api(ana).get(f"presence/{ben}/"), 404)
        problem_of(Api(ben).get(f"presence/{ana}/"), 404)
        assert Api(ana).delete(f"me/blocks/{ben}/").status_code == 204
        assert record_of(ben, ana)["status"] == "offline"
        problem_of(Api(ana).delete(f"me/blocks/{ben}/"), 404)

    def test_who_is_blocked_cannot_be_asked(self, ana: str, ben: str) -> None:
        Api(ana).post("me/blocks/", {"user": ben})
        problem_of(Api(ana).post("me/contacts/", {"user": ben}), 400, "user")


class TestPrivacy:
    def test_it_is_open_until_one_says_otherwise(self, ana: str) -> None:
        assert Api(ana).get("me/privacy/").json() == OPEN
        closed = {"status": "contacts", "last_seen": "nobody", "precision": "day"}
        assert Api(ana).put("me/privacy/", closed).json() == closed
        assert Api(ana).get("me/privacy/").json() == closed

    def test_it_holds_at_once(self, ana: str, ben: str) -> None:
        come(ana)
        go(ana)
        assert record_of(ben, ana)["last_seen"] is not None
        Api(ana).put("me/privacy/", {**OPEN, "last_seen": "nobody"})
        assert record_of(ben, ana)["last_seen"] is None
        Api(ana).put("me/privacy/", {**OPEN, "precision": "hour"})
        assert record_of(ben, ana)["last_seen"].endswith(":00:00.000Z")
        Api(ana).put("me/privacy/", {**OPEN, "status": "contacts"})
        problem_of(Api(ben).get(f"presence/{ana}/"), 404)
        make_contacts(ana, make_person("carl"))
        Api(ana).put("me/privacy/", OPEN)
        assert record_of(ben, ana)["status"] == "offline"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "status"),
            ({**OPEN, "status": "friends"}, "status"),
            ({**OPEN, "last_seen": None}, "last_seen"),
            ({**OPEN, "precision": "minute"}, "precision"),
            ({**OPEN, "colour": "red"}, "colour"),
        ],
    )
    def test_a_malformed_one_names_the_field(self, ana: str, body: Any, field: str) -> None:
        problem_of(Api(ana).put("me/privacy/", body), 400, field)
        assert Api(ana).get("me/privacy/").json() == OPEN

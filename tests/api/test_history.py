"""History: pages that neither repeat nor skip, as exact as the viewer may know."""

from typing import Any

import pytest

from presence.domain.changes import LoggedChange
from presence.domain.instant import format_instant
from presence.history.writer import write_changes
from presence.service.privacy_rules import block
from tests.api.conftest import Api, problem_of
from tests.api.people import make_person
from tests.history.changes import MINUTE, NOON, coming_and_going

pytestmark = pytest.mark.django_db(transaction=True)

OPEN = {"status": "everyone", "last_seen": "everyone", "precision": "exact"}


@pytest.fixture
def ben() -> str:
    return make_person("ben")


@pytest.fixture
def ana() -> str:
    """Somebody with 7 transitions, a minute apart."""
    ana = make_person("ana")
    changes: list[LoggedChange] = coming_and_going(ana, 7)
    write_changes(changes)
    return ana


def history(viewer: str, user: str, query: str = "") -> Any:
    answer = Api(viewer).get(f"presence/{user}/history/?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def instants(page: Any) -> list[str]:
    return [each["at"] for each in page["results"]]


def minutes(*numbers: int) -> list[str]:
    return [format_instant(NOON + number * MINUTE) for number in numbers]


def test_it_is_newest_first(ana: str, ben: str) -> None:
    page = history(ben, ana)
    assert instants(page) == minutes(6, 5, 4, 3, 2, 1, 0)
    assert page["next"] is None
    assert page["results"][1] == {
        "at": format_instant(NOON + 5 * MINUTE),
        "before": "online",
        "after": "offline",
        "last_seen": format_instant(NOON + 5 * MINUTE),
        "devices": [],
        "message": None,
    }


def test_pages_follow_each_other_whatever_is_written_meanwhile(ana: str, ben: str) -> None:
    first = history(ben, ana, "limit=3")
    later = coming_and_going(ana, 9)[7:]
    write_changes(later)
    second = history(ben, ana, f"limit=3&cursor={first['next']}")
    third = history(ben, ana, f"limit=3&cursor={second['next']}")
    assert instants(first) + instants(second) + instants(third) == minutes(6, 5, 4, 3, 2, 1, 0)
    assert third["next"] is None


def test_a_window_includes_its_beginning_and_not_its_end(ana: str, ben: str) -> None:
    begin, end = minutes(2, 4)
    assert instants(history(ben, ana, f"from={begin}&to={end}")) == minutes(3, 2)
    assert instants(history(ben, ana, f"from={begin}")) == minutes(6, 5, 4, 3, 2)
    assert history(ben, ana, f"from={begin}&to={begin}")["results"] == []


def test_an_offset_may_lose_its_plus_on_the_way(ana: str, ben: str) -> None:
    assert instants(history(ben, ana, "from=2026-11-05T13:06:00+01:00")) == minutes(6)


@pytest.mark.parametrize(
    "edge", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"]
)
@pytest.mark.parametrize("precision", ["exact", "hour", "day"])
def test_the_ends_of_time_are_instants_too(ana: str, ben: str, edge: str, precision: str) -> None:
    Api(ana).put("me/privacy/", {**OPEN, "precision": precision})
    for query in (f"from={edge}", f"to={edge}"):
        answer = Api(ben).get(f"presence/{ana}/history/?{query}")
        assert answer.status_code == (200 if edge.endswith("59Z") else 400)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2026-11-05T12:00:00", "from"),
        ("to=", "to"),
        ("from=2026-11-06T00:00:00Z&to=2026-11-05T00:00:00Z", "from"),
        ("cursor=", "cursor"),
        ("cursor=x", "cursor"),
        ("cursor=ä", "cursor"),
        ("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "cursor"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("limit=-1", "limit"),
    ],
)
def test_a_malformed_question_names_the_parameter(
    ana: str, ben: str, query: str, field: str
) -> None:
    problem_of(Api(ben).get(f"presence/{ana}/history/?{query}"), 400, field)


def test_a_cursor_is_for_one_users_history(ana: str, ben: str) -> None:
    cursor = history(ben, ana, "limit=1")["next"]
    problem_of(Api(ben).get(f"presence/{ben}/history/?cursor={cursor}"), 400, "cursor")


class TestWhoMayKnow:
    def test_nobody_learns_of_whom_they_may_not_see(self, ana: str, ben: str) -> None:
        block(owner=ana, other=ben)
        answers = [Api(ben).get(f"presence/{user}/history/") for user in (ana, "nobody", "a b")]
        for answer in answers:
            problem_of(answer, 404)
        assert len({answer.content for answer in answers}) == 1

    def test_hidden_last_seen_hides_the_past_from_all_but_oneself(self, ana: str, ben: str) -> None:
        Api(ana).put("me/privacy/", {**OPEN, "last_seen": "nobody"})
        assert history(ben, ana) == {"results": [], "next": None}
        assert instants(history(ana, ana)) == minutes(6, 5, 4, 3, 2, 1, 0)

    @pytest.mark.parametrize(
        ("precision", "shown"),
        [("hour", "2026-11-05T12:00:00.000Z"), ("day", "2026-11-05T00:00:00.000Z")],
    )
    def test_coarse_last_seen_makes_the_past_coarse(
        self, ana: str, ben: str, precision: str, shown: str
    ) -> None:
        Api(ana).put("me/privacy/", {**OPEN, "precision": precision})
        page = history(ben, ana)
        assert set(instants(page)) == {shown}
        assert {each["last_seen"] for each in page["results"]} == {shown, None}
        # Narrowing the window tells no more: it widens to the hour or the day.
        begin, end = minutes(2, 3)
        assert len(history(ben, ana, f"from={begin}&to={end}")["results"]) == 7
        first = history(ben, ana, "limit=3")
        second = history(ben, ana, f"limit=4&cursor={first['next']}")
        assert len(first["results"]) + len(second["results"]) == 7


class TestAt:
    def at(self, viewer: str, minute: float, *users: str) -> Any:
        t = format_instant(int(NOON + minute * MINUTE))
        answer = Api(viewer).get(f"presence/at/?t={t}&users={','.join(users)}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def test_it_says_who_was_how(self, ana: str, ben: str) -> None:
        found = self.at(ben, 2.5, ana, "nobody")
        assert found["users"] == [{"user": ana, "status": "online"}]
        assert found["unknown"] == ["nobody"]
        assert self.at(ben, 3.5, ana)["users"] == [{"user": ana, "status": "offline"}]

    def test_it_says_it_to_those_who_may_know(self, ana: str, ben: str) -> None:
        Api(ana).put("me/privacy/", {**OPEN, "precision": "hour"})
        assert self.at(ben, 3.5, ana)["users"] == self.at(ben, 0, ana)["users"]
        Api(ana).put("me/privacy/", {**OPEN, "precision": "hidden"})
        assert self.at(ben, 2.5, ana)["unknown"] == [ana]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("users=1", "t"),
            ("t=x&users=1", "t"),
            ("t=2999-01-01T00:00:00Z&users=1", "t"),
            ("t=2026-11-05T12:00:00Z", "users"),
        ],
    )
    def test_a_malformed_question_names_the_parameter(
        self, ben: str, query: str, field: str
    ) -> None:
        problem_of(Api(ben).get(f"presence/at/?{query}"), 400, field)

"""Many people at once: what changed among them, how many are there, who is in a room; and waiting for one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from presence.domain.status import Activity, Device
from presence.wiring import call
from tests.api.conftest import Api, problem_of
from tests.api.people import come, go, make_contacts, make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana() -> str:
    return make_person("ana")


@pytest.fixture
def ben(ana: str) -> str:
    ben = make_person("ben")
    make_contacts(ana, ben)
    return ben


class TestChanges:
    def changes(self, viewer: str, since: str | None = None) -> Any:
        query = "" if since is None else f"?since={since}"
        answer = Api(viewer).get(f"presence/changes/{query}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def test_a_poll_tells_all_at_first_and_then_what_changed(self, ana: str, ben: str) -> None:
        first = self.changes(ana)
        records = {each["user"]: each for each in first["users"]}
        assert set(records) == {ana, ben}
        # What only Ana may see of herself comes with her own record alone.
        assert records[ana]["me"]["availability"] == "auto"
        assert "me" not in records[ben]
        assert self.changes(ana, first["cursor"])["users"] == []
        come(ben)
        second = self.changes(ana, first["cursor"])
        assert [(each["user"], each["status"]) for each in second["users"]] == [(ben, "online")]
        assert self.changes(ana, second["cursor"])["users"] == []

    def test_a_cursor_of_another_epoch_starts_anew(self, ana: str, ben: str) -> None:
        assert len(self.changes(ana, "abc.1795637700123")["users"]) == 2

    @pytest.mark.parametrize("since", ["", "x", "A.1", "abc.", "abc.9999999999999999"])
    def test_what_is_no_cursor_is_refused(self, ana: str, since: str) -> None:
        problem_of(Api(ana).get(f"presence/changes/?since={since}"), 400, "since")


class TestCount:
    def test_it_counts_whom_one_may_see(self, ana: str, ben: str) -> None:
        chloe, dan = make_person("chloe"), make_person("dan")
        come(ben)
        come(chloe, activity=Activity.IDLE)
        come(dan)
        Api(dan).post("me/blocks/", {"user": ana})
        answer = Api(ana).post("presence/count/", {"users": [ana, ben, chloe, dan, "nobody"]})
        assert answer.json() == {
            "visible": 3,
            "available": 1,
            "reachable": 2,
            "stale_after_ms": 45_000,
        }


class TestRooms:
    def enter(self, user: str, room: str) -> None:
        call(
            lambda parts: parts.heartbeats.record(
                user=user,
                session="tab-1",
                activity=Activity.ACTIVE,
                device=Device.WEB,
                rooms=(room,),
            )
        )

    def test_it_says_who_is_here(self, ana: str, ben: str) -> None:
        empty = Api(ana).get("rooms/lobby/").json()
        assert (empty["count"], empty["whole"], empty["users"]) == (0, True, [])
        self.enter(ben, "lobby")
        room = Api(ana).get("rooms/lobby/").json()
        assert (room["count"], [each["user"] for each in room["users"]]) == (1, [ben])
        go(ben)
        assert Api(ana).get("rooms/lobby/").json() == empty

    def test_what_cannot_be_a_room_is_not_there(self, ana: str) -> None:
        problem_of(Api(ana).get("rooms/a%20b/"), 404)
        problem_of(Api(ana).get(f"rooms/{'x' * 65}/"), 404)


class TestAlerts:
    def test_who_waits_is_told_once(self, ana: str, ben: str) -> None:
        asked = Api(ana).post("me/alerts/", {"user": ben})
        assert asked.status_code == 201
        assert set(asked.json()) == {"user", "until"}
        come(ben)
        told = []
        for _ in range(100):
            told += Api(ana).get("presence/changes/").json()["alerts"]
            if told:
                break
        assert [(each["user"], each["status"]) for each in told] == [(ben, "online")]
        assert Api(ana).get("presence/changes/").json()["alerts"] == []

    def test_who_is_there_already_is_told_at_once(self, ana: str, ben: str) -> None:
        come(ben)
        asked = Api(ana).post("me/alerts/", {"user": ben})
        assert (asked.status_code, asked.json()) == (200, {"user": ben, "status": "online"})

    def test_one_can_stop_waiting(self, ana: str, ben: str) -> None:
        Api(ana).post("me/alerts/", {"user": ben})
        assert Api(ana).delete(f"me/alerts/{ben}/").status_code == 204
        problem_of(Api(ana).delete(f"me/alerts/{ben}/"), 404)

    def test_nobody_waits_for_oneself_or_for_ever_or_for_whom_they_cannot_see(
        self, ana: str, ben: str
    ) -> None:
        problem_of(Api(ana).post("me/alerts/", {"user": ana}), 400, "user")
        far = (datetime.now(UTC) + timedelta(days=31)).isoformat()
        problem_of(Api(ana).post("me/alerts/", {"user": ben, "until": far}), 400, "until")
        problem_of(Api(ana).post("me/alerts/", {"user": "nobody"}), 404)

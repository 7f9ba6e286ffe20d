"""Devices registered for push: offline, but reachable."""

import pytest

from presence.service.push_devices import MAX_DEVICES
from tests.api.conftest import Api, problem_of
from tests.api.people import come, go, make_person, record_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana() -> str:
    return make_person("ana")


@pytest.fixture
def ben() -> str:
    return make_person("ben")


def test_who_has_a_device_and_went_quiet_is_offline_but_reachable(ana: str, ben: str) -> None:
    assert Api(ana).put("me/devices/phone-1/").status_code == 204
    come(ana)
    assert "reachable" not in record_of(ben, ana)
    go(ana)
    assert record_of(ben, ana)["status"] == "offline"
    assert record_of(ben, ana)["reachable"] is True
    assert Api(ana).get("me/devices/").json() == {"devices": ["phone-1"]}


def test_who_never_came_is_reachable_too(ana: str, ben: str, redis_url: str) -> None:
    Api(ana).put("me/devices/phone-1/")
    assert record_of(ben, ana)["reachable"] is True


def test_without_the_last_device_nobody_is_reachable(ana: str, ben: str) -> None:
    for device in ("phone-1", "phone-2"):
        Api(ana).put(f"me/devices/{device}/")
    assert Api(ana).delete("me/devices/phone-1/").status_code == 204
    assert record_of(ben, ana)["reachable"] is True
    assert Api(ana).delete("me/devices/phone-2/").status_code == 204
    assert "reachable" not in record_of(ben, ana)
    assert Api(ana).delete("me/devices/phone-2/").status_code == 404


def test_registering_behind_the_veil_shows_nothing(ana: str, ben: str) -> None:
    come(ana)
    Api(ana).put("me/status/", {"availability": "invisible"})
    before = record_of(ben, ana)
    Api(ana).put("me/devices/phone-1/")
    assert record_of(ben, ana) == before


def test_a_device_too_many_is_refused(ana: str) -> None:
    for number in range(MAX_DEVICES):
        assert Api(ana).put(f"me/devices/phone-{number}/").status_code == 204
    problem_of(Api(ana).put("me/devices/one-more/"), 400, "device")
    assert Api(ana).put("me/devices/phone-1/").status_code == 204


def test_a_name_that_is_none_is_refused(ana: str) -> None:
    problem_of(Api(ana).put("me/devices/a b/"), 400, "device")

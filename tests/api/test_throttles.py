"""How much may be asked for, and what happens beyond."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.test import RequestFactory
from rest_framework.request import Request

from presence.api.throttles import address_of
from presence.service.quotas import Counters, Rate, wait_before
from tests.api.conftest import Api, problem_of

Limit = Callable[..., None]
ONE = Rate(number=10, period=60)


@pytest.fixture
def limit(settings: Any) -> Limit:
    def set_rates(**rates: str | None) -> None:
        rates = {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], **rates}
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}

    return set_rates


def test_reads_beyond_the_rate_are_told_when_to_come_back(limit: Limit) -> None:
    limit(reads="3/min")
    ana, ben = Api("ana"), Api("ben")
    assert [ana.get("me/privacy/").status_code for _ in range(3)] == [200] * 3
    answer = ana.get("me/privacy/")
    problem_of(answer, 429)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert ben.get("me/privacy/").status_code == 200


def test_writes_are_counted_apart_from_reads(limit: Limit) -> None:
    limit(reads="1/min", writes="1/min")
    ana = Api("ana")
    assert ana.get("me/privacy/").status_code == 200
    problem_of(ana.put("me/privacy/", {}), 400, "status")
    problem_of(ana.put("me/privacy/", {}), 429)
    problem_of(ana.get("me/privacy/"), 429)


def test_an_address_is_bounded_whoever_it_says_it_is(limit: Limit) -> None:
    limit(address="2/min")
    assert Api("a").get("me/privacy/").status_code == 200
    assert Api("b").get("me/privacy/").status_code == 200
    problem_of(Api("c").get("me/privacy/"), 429)
    problem_of(Api().post("token/", {}), 429)


def test_the_window_slides() -> None:
    time = [6_000_000.0]
    counters = Counters(cache, lambda: time[0])

    def wait(**options: Any) -> float | None:
        return counters.wait_before(rate=ONE, key="x", **options)

    for _ in range(10):
        assert wait() is None
    assert wait() == 60
    time[0] += 60  # the last period still counts in full
    assert wait() == pytest.approx(6)
    time[0] += 6
    assert wait() is None
    assert wait() == pytest.approx(6)
    time[0] += 134
    assert wait(cost=10) is None
    assert wait(count=False) is not None


def test_looking_up_many_people_costs_many_look_ups(limit: Limit) -> None:
    limit(lookups="5/hour")
    ana = Api("ana")
    assert ana.post("presence/query/", {"users": ["1", "2", "3"]}).status_code == 200
    problem_of(ana.get("presence/?users=1,2,3"), 429)
    assert ana.get("presence/?users=1,2").status_code == 200
    problem_of(ana.get("presence/1/"), 429)


def test_a_scope_without_a_rate_is_not_limited(limit: Limit) -> None:
    limit(reads=None)
    assert wait_before(scope="reads", ident="x", cost=10**9) is None


def test_without_the_cache_nobody_is_refused_and_it_is_left_alone_for_a_while() -> None:
    gone = Unreachable()
    counters = Counters(gone)
    for _ in range(3):
        assert counters.wait_before(rate=Rate(number=0, period=60), key="x") is None
    assert gone.asked == 1


class Unreachable(BaseCache):
    """A cache whose server is gone."""

    def __init__(self) -> None:
        super().__init__({})
        self.asked = 0

    def get_many(self, keys: Any, version: int | None = None) -> Any:
        self.asked += 1
        raise ConnectionError("gone")


@pytest.mark.parametrize(
    ("meta", "address"),
    [
        ({"REMOTE_ADDR": "192.0.2.7"}, "192.0.2.7"),
        ({"REMOTE_ADDR": "2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::"),
        ({"REMOTE_ADDR": ""}, "unknown"),
        ({"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "198.51.100.1"}, "192.0.2.7"),
    ],
)
def test_an_address_is_the_connections_unless_proxies_are_trusted(
    meta: dict[str, str], address: str
) -> None:
    assert address_of(Request(RequestFactory().get("/", **meta))) == address

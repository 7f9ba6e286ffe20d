"""Naming somebody on a stream is looking them up; naming them again is not."""

import pytest

from presence.service.errors import Limited
from presence.service.lookups import Lookups
from presence.service.quotas import wait_before


@pytest.fixture
def lookups(redis_url, settings):
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"lookups": "10/day"}}
    return Lookups(most=8)


def left(user):
    """How much of the quota is left."""
    return max(
        number
        for number in range(11)
        if wait_before(scope="lookups", ident=user, cost=number, count=False) is None
    )


async def test_only_who_is_new_costs(lookups):
    await lookups.charge(viewer="ana", users=("ana", "1", "2"))
    assert left("ana") == 8
    await lookups.charge(viewer="ana", users=("2", "1"))
    await lookups.charge(viewer="ana", users=())
    assert left("ana") == 8
    await lookups.charge(viewer="ana", users=("2", "3"))
    await lookups.charge(viewer="ana", users=("1", "2", "3"))
    assert left("ana") == 7
    assert left("ben") == 10


async def test_what_is_left_decides_and_a_refusal_costs_nothing(lookups):
    await lookups.charge(viewer="ana", users=tuple("12345678"))
    with pytest.raises(Limited) as refused:
        await lookups.charge(viewer="ana", users=("a", "b", "c"))
    assert refused.value.retry_after > 0
    assert left("ana") == 2
    await lookups.charge(viewer="ana", users=tuple("12345678"))
    await lookups.charge(viewer="ana", users=("a", "b"))
    assert left("ana") == 0


async def test_what_is_remembered_is_bounded(lookups, monkeypatch):
    monkeypatch.setattr("presence.service.lookups._REMEMBERED", 2)
    for viewer in ("ana", "ben", "chloe"):
        await lookups.charge(viewer=viewer, users=("1",))
    assert list(lookups._named) == ["ben", "chloe"]
    await lookups.charge(viewer="ben", users=tuple("23456789"))
    assert len(lookups._named["ben"][1]) == 8

"""What an application may claim of a user."""

import pytest

from presence.domain.claim import Claim
from presence.domain.status import Status


def claim(**more):
    given = {
        "app": "calls",
        "status": Status.BUSY,
        "label": "in a call",
        "priority": 5,
        "since": 0,
        "until": 10,
    }
    return Claim(**{**given, **more})


@pytest.mark.parametrize("status", [Status.ONLINE, Status.AWAY, Status.BUSY])
def test_an_application_may_say_that_somebody_is_here(status):
    assert claim(status=status).status is status


def test_an_application_cannot_take_somebody_away():
    with pytest.raises(ValueError, match="online, away or busy"):
        claim(status=Status.OFFLINE)


@pytest.mark.parametrize("priority", [-1, 101])
def test_priorities_go_from_0_to_100(priority):
    assert claim(priority=0)
    assert claim(priority=100)
    with pytest.raises(ValueError, match="0 to 100"):
        claim(priority=priority)


def test_a_claim_is_over_at_its_end():
    assert not claim().is_over(9)
    assert claim().is_over(10)

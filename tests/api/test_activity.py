"""When in the week somebody is usually here, as far as one may know."""

from datetime import UTC, datetime, timedelta

import pytest

from presence.domain.visibility import Precision, Privacy
from presence.models import Transition
from presence.service.privacy_rules import set_privacy
from tests.api.conftest import Api, problem_of
from tests.api.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana() -> str:
    """Somebody who was here for half an hour, two days ago at noon."""
    user = make_person("ana")
    noon = (datetime.now(UTC) - timedelta(days=2)).replace(hour=12, minute=0, second=0)
    for number, (minutes, before, after) in enumerate(
        [(0, "offline", "online"), (30, "online", "offline")]
    ):
        Transition.objects.create(
            user=user,
            before=before,
            after=after,
            at=noon + timedelta(minutes=minutes),
            epoch="test",
            shard=0,
            version=number,
        )
    return user


def test_time_is_told_by_the_hour_of_the_week(ana: str) -> None:
    answer = Api(make_person("ben")).get(f"presence/{ana}/activity/?weeks=1").json()
    day = (datetime.now(UTC) - timedelta(days=2)).weekday()
    assert answer["weeks"] == 1
    assert answer["days"][day][12] == 30
    assert sum(map(sum, answer["days"])) == 30


def test_who_hides_their_last_seen_hides_their_week(ana: str) -> None:
    set_privacy(user=ana, privacy=Privacy(precision=Precision.DAY))
    answer = Api(make_person("ben")).get(f"presence/{ana}/activity/?weeks=1").json()
    assert sum(map(sum, answer["days"])) == 0


def test_too_many_weeks_are_refused(ana: str) -> None:
    problem_of(Api(ana).get(f"presence/{ana}/activity/?weeks=99"), 400, "weeks")


def test_nobody_is_nobody(ana: str) -> None:
    problem_of(Api(ana).get("presence/nobody/activity/"), 404)

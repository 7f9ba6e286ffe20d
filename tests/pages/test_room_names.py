"""What those who are in a room are called, for the page."""

import pytest
from django.contrib.auth.models import User

from presence.domain.status import Activity, Device
from presence.models import Block
from presence.wiring import call

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana(client, redis_url):
    """Ana, whose browser `client` is."""
    ana = User.objects.create(username="ana")
    client.force_login(ana)
    return str(ana.pk)


@pytest.fixture
def ben(redis_url):
    """Ben, who is in the kitchen."""
    ben = str(User.objects.create(username="ben").pk)
    call(
        lambda parts: parts.heartbeats.record(
            user=ben,
            session="tab-1",
            activity=Activity.ACTIVE,
            device=Device.WEB,
            rooms=("kitchen",),
        )
    )
    return ben


def test_whoever_is_in_the_room_is_named(client, ana, ben):
    answer = client.get("/rooms/names/", {"room": "kitchen"})

    assert answer.json() == {"names": {ben: "ben"}}
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/rooms/names/", {"room": "garden"}).json() == {"names": {}}


def test_whom_one_may_not_see_is_not_named(client, ana, ben):
    Block.objects.create(owner=ben, other=ana)

    assert client.get("/rooms/names/", {"room": "kitchen"}).json() == {"names": {}}


def test_what_cannot_be_a_room_is_not_there(client, ana):
    assert client.get("/rooms/names/").status_code == 404
    assert client.get("/rooms/names/", {"room": "two words"}).status_code == 404


def test_nobody_is_told_without_a_login(client, ben):
    assert client.get("/rooms/names/", {"room": "kitchen"}).status_code == 403

"""People with accounts, who come and go through the service as heartbeats would have them."""

from typing import Any

from django.contrib.auth import get_user_model

from presence.domain.status import Activity, Device
from presence.service.contacts import add_contact
from presence.wiring import call
from tests.api.conftest import Api


def make_person(name: str) -> str:
    """Make an account, and return its id."""
    return str(get_user_model().objects.create_user(name, password="x").pk)


def make_contacts(one: str, other: str) -> None:
    """Have two people agree to be contacts."""
    add_contact(owner=one, other=other)
    add_contact(owner=other, other=one)


def come(user: str, session: str = "tab-1", activity: Activity = Activity.ACTIVE) -> None:
    """Beat once."""
    call(
        lambda parts: parts.heartbeats.record(
            user=user, session=session, activity=activity, device=Device.WEB
        )
    )


def go(user: str, session: str = "tab-1") -> None:
    """Sign out."""
    call(lambda parts: parts.leaving.leave(user=user, session=session, final=True))


def record_of(viewer: str, user: str) -> dict[str, Any]:
    """Return what `viewer` is told of `user`."""
    answer = Api(viewer).get(f"presence/{user}/")
    assert answer.status_code == 200, answer.content
    record: dict[str, Any] = answer.json()
    assert record.pop("stale_after_ms") == 45_000
    return record

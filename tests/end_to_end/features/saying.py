"""What the tests of the features say again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.end_to_end.people import Person, Town
from tests.end_to_end.sse import WITHIN, Record, Stream
from tests.end_to_end.wire import Answer


def instant(text: str) -> datetime:
    """The instant that the wire names."""
    return datetime.fromisoformat(text)


def soon(seconds: float) -> str:
    """An instant `seconds` from now, as the wire has it."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ok(answer: Answer, status: int = 200) -> Any:
    """What a request that succeeded was answered."""
    assert answer.status == status, (answer.status, answer.body[:500])
    return answer.json if answer.body else None


def choose(person: Person, availability: str, **more: Any) -> dict[str, Any]:
    """Have `person` choose; returns who they are afterwards."""
    return ok(person.api("PUT", "me/status/", {"availability": availability, **more}))


def privacy(person: Person, **rules: str) -> None:
    """Have `person` let others see by `rules`; all else everybody sees exactly."""
    everything = {"status": "everyone", "last_seen": "everyone", "precision": "exact"}
    ok(person.api("PUT", "me/privacy/", {**everything, **rules}))


def block(person: Person, other: Person) -> None:
    """Have `person` block `other`."""
    ok(person.api("POST", "me/blocks/", {"user": other.id}), 201)


def why(person: Person) -> dict[str, Any]:
    """Why `person` is shown as they are."""
    return ok(person.api("GET", "me/why/"))


def poll(person: Person, since: str, **said: Any) -> dict[str, Any]:
    """A heartbeat of a client that holds no stream."""
    return ok(person.beat("poll", since=since, **said))


def application(town: Town, name: str = "calls") -> Person:
    """An account that may claim statuses."""
    app = town.person(name)
    town.sql(
        "INSERT INTO auth_user_user_permissions (user_id, permission_id)"
        " SELECT %s, id FROM auth_permission WHERE codename = 'claim_status' RETURNING 1",
        [app.id],
    )
    return app


def claim(app: Person, user: Person, status: str = "busy", **said: Any) -> Answer:
    """Have `app` claim that `user` is `status`, for a minute unless it says otherwise."""
    body = {"status": status, "label": "in a call", "until": soon(60), **said}
    return app.api("PUT", f"presence/{user.id}/claim/", body)


def own_record(stream: Stream, user: Person, key: str, value: Any) -> Record:
    """The user's own record on their stream, once `me` says `value` for `key`."""
    return until(stream, user, lambda record: record.get("me", {}).get(key) == value)


def until(stream: Stream, user: Person, true: Any, *, within: float = WITHIN) -> Record:
    """The record of `user` on the stream once `true(record)`."""
    import time

    give_up_at = time.monotonic() + within
    while True:
        event = stream.next(within=max(0.0, give_up_at - time.monotonic()))
        record = event.records.get(user.id)
        if record is not None and true(record):
            return record


def room_once(stream: Stream, true: Any) -> dict[str, Any]:
    """The newest view of a room on the stream once `true(view)`."""
    while True:
        view = stream.wait_for("room").data
        if true(view):
            return view


def users_in(view: dict[str, Any]) -> list[str]:
    """The ids that a view of a room lists."""
    return [record["user"] for record in view["users"]]

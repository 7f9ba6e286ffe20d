"""Callers of the API, over Django's own client, a real Postgres and a real Valkey."""

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client

from presence.service import quotas
from presence.service.tokens import issue_presence_token

PASSWORD = "a-good-password"


class Api:
    """A client that speaks JSON as one user; without one, as nobody."""

    def __init__(self, user: str | None = None, **options: Any) -> None:
        self.client = Client(raise_request_exception=False, **options)
        self.headers: dict[str, str] = {}
        if user is not None:
            self.headers["Authorization"] = f"Bearer {issue_presence_token(user=user).token}"

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        extra: dict[str, Any] = {}
        if method != "get":
            text = "" if body is None else body
            extra["data"] = text if isinstance(text, str | bytes) else json.dumps(text)
            extra["content_type"] = headers.pop("content_type", "application/json")
        call = getattr(self.client, method)
        return call(f"/api/v1/{path}", headers={**self.headers, **headers}, **extra)

    def get(self, path: str, **headers: str) -> Any:
        return self.request("get", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.request("post", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.request("put", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.request("delete", path, **headers)


def problem_of(response: Any, status: int, field: str | None = None) -> dict[str, Any]:
    """Check that `response` is a problem with that status and field, and return it."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = json.loads(response.content)
    assert problem["type"] == "about:blank"
    assert problem["status"] == status
    assert problem["title"] and problem["detail"]
    assert problem.get("field") == field, problem
    assert "Traceback" not in response.content.decode()
    return problem


@pytest.fixture(autouse=True)
def stores(db: None, redis_url: str) -> None:
    """Every test here has an empty database and an empty Valkey."""


@pytest.fixture
def person() -> Any:
    """Ana, who has an account."""
    return get_user_model().objects.create_user("ana", password=PASSWORD, first_name="Ana")


@pytest.fixture
def nobody() -> Api:
    return Api()


@pytest.fixture(autouse=True)
def counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count afresh: for 5 s after a failure, be it of a test without a Valkey, a process counts nothing."""
    monkeypatch.setattr(quotas, "_counters", quotas.Counters(cache))

"""The API and the consumers together, as an app sees them: over sockets, on real servers."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.apps import App
from tests.api.conftest import problem_of


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def site(request: pytest.FixtureRequest, module_serve: Any) -> Any:
    return module_serve(kind=request.param)


@pytest.fixture
def ana(site: Any) -> Iterator[App]:
    with App(site.url, "ana") as app:
        yield app


@pytest.fixture
def ben(site: Any) -> Iterator[App]:
    with App(site.url, "ben") as app:
        yield app


def test_a_heartbeat_makes_one_online_for_others_and_leaving_offline(ana: App, ben: App) -> None:
    beat = ana.beat()
    assert beat.status_code == 200
    assert (beat.json()["status"], beat.json()["lease_ms"]) == ("online", 60_000)
    online = ben.get(f"presence/{ana.user}/").json()
    assert (online["status"], online["devices"]) == ("online", ["mobile"])
    assert ana.leave().status_code == 204
    offline = ben.get(f"presence/{ana.user}/").json()
    assert (offline["status"], offline["devices"]) == ("offline", [])
    assert offline["last_seen"] is not None


def test_a_presence_token_is_good_at_the_consumers_by_header_and_by_cookie(
    site: Any, ana: App
) -> None:
    answer = ana.http.post("/api/v1/presence/token/")
    token = answer.json()["token"]
    body = {"session": "page-1"}
    for proof in (
        {"headers": {"Authorization": f"Bearer {token}"}},
        {"cookies": {"presence_token": token}, "headers": {"Origin": site.url}},
    ):
        beat = httpx.post(f"{site.url}/presence/heartbeat", json=body, **proof)
        assert beat.status_code == 200, beat.text
    httpx.post(
        f"{site.url}/presence/leave", json={**body, "final": True, "token": token}
    ).raise_for_status()


@pytest.mark.parametrize("path", ["/presence/heartbeat", "/api/v1/me/contacts/"])
def test_both_worlds_refuse_alike(site: Any, ana: App, path: str) -> None:
    nobody = httpx.post(f"{site.url}{path}", json={})
    problem_of(nobody, 401)
    assert nobody.headers["WWW-Authenticate"] == "Bearer"
    forged = ana.http.headers["Authorization"][:-4] + "AAAA"
    problem_of(httpx.post(f"{site.url}{path}", json={}, headers={"Authorization": forged}), 401)
    field = "session" if path == "/presence/heartbeat" else "user"
    problem_of(ana.http.post(path, json={}), 400, field)
    problem_of(ana.http.post(path, json={"extra": 1, field: "1"}), 400, "extra")
    problem_of(ana.http.post(path, content=b"{", headers={"Content-Type": "application/json"}), 400)
    problem_of(ana.http.post(path, content=b"{}", headers={"Content-Type": "text/csv"}), 415)
    long = b'{"session":"' + b"x" * 9_000 + b'"}'
    problem_of(ana.http.post(path, content=long, headers={"Content-Type": "application/json"}), 413)
    problem_of(ana.http.delete(path), 405)

"""The API over several processes: the worker that writes history, a second web process, a Valkey that goes."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.apps import App, eventually
from tests.api.conftest import problem_of


@pytest.fixture(scope="module")
def site(module_serve: Any) -> Any:
    return module_serve()


@pytest.fixture
def ana(site: Any) -> Iterator[App]:
    with App(site.url, "ana") as app:
        yield app


@pytest.fixture
def ben(site: Any) -> Iterator[App]:
    with App(site.url, "ben") as app:
        yield app


def test_the_past_is_written_and_told(ana: App, ben: App) -> None:
    ana.beat()
    ana.leave()

    def transitions() -> Any:
        results = ben.get(f"presence/{ana.user}/history/").json()["results"]
        return results if len(results) >= 2 else None

    gone, came = eventually(transitions)[:2]
    assert (came["before"], came["after"]) == ("offline", "online")
    assert (gone["before"], gone["after"]) == ("online", "offline")
    assert came["at"] <= gone["last_seen"] <= gone["at"]


def test_a_rule_made_in_one_process_holds_in_another(
    site: Any, module_serve: Any, ana: App, ben: App
) -> None:
    other = module_serve(beside=site, arguments=())
    block = f"/api/v1/me/blocks/{ben.user}/"
    with App(other.url, "ben") as elsewhere:
        assert elsewhere.get(f"presence/{ana.user}/").status_code == 200
        ana.http.post("/api/v1/me/blocks/", json={"user": ben.user}).raise_for_status()
        try:
            eventually(lambda: elsewhere.get(f"presence/{ana.user}/").status_code == 404, within=3)
        finally:
            ana.http.delete(block).raise_for_status()
        eventually(lambda: elsewhere.get(f"presence/{ana.user}/").status_code == 200, within=3)


def test_without_redis_live_answers_wait_and_the_rest_goes_on(
    site: Any, ana: App, ben: App
) -> None:
    site.valkey.stop()
    try:
        for path in (f"presence/{ana.user}/", "me/", "me/why/", "me/sessions/"):
            answer = ben.get(path)
            problem_of(answer, 503)
            assert int(answer.headers["Retry-After"]) >= 1
        assert ben.get("me/privacy/").status_code == 200
    finally:
        site.valkey.start()
    eventually(lambda: ben.get(f"presence/{ana.user}/").status_code == 200)

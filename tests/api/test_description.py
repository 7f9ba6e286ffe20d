"""The OpenAPI description is complete, and a real server does what it says."""

import os
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from rest_framework.test import APIClient
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from presence.api import urls
from presence.routing import CONSUMERS

# Where well-formed requests may still be refused, by rules that no schema can tell.
BEYOND_WORDS = {
    "PUT /api/v1/me/status/": "`until` lies in the future",
    "POST /api/v1/me/contacts/": "whom one blocks cannot be asked",
    "PUT /api/v1/presence/{user}/claim/": "`until` lies within a day",
    "POST /api/v1/me/alerts/": "`until` lies within 30 days, and nobody waits for themselves",
    "PUT /api/v1/me/devices/{device}/": "a device is named like a session",
    "POST /api/v1/me/blocks/": "nobody blocks themselves",
    "POST /api/v1/token/refresh/": "a token holds no null character",
    "GET /api/v1/presence/{user}/history/": "a cursor is one that was handed out",
    "GET /api/v1/presence/at/": "`t` lies in the past",
    "POST /api/v1/token/": "which characters are control characters is Unicode's business",
    "POST /presence/leave": "text/plain is JSON here",
    "POST /presence/heartbeat": "a cursor's instant exists",
}
EXAMPLES = int(os.environ.get("API_EXAMPLES", "8"))
EVERY_METHOD = {"get", "put", "post", "delete"}


@pytest.fixture(scope="module")
def site(module_serve: Any) -> Any:
    """A server that does not throttle."""
    rates = ("READS", "WRITES", "LOOKUPS", "CLAIMS", "ADDRESS", "FAILED_LOGINS")
    return module_serve(env={f"API_RATE_{name}": "100000000/hour" for name in rates})


@pytest.fixture(scope="module")
def access(site: Any) -> str:
    """Ana's access token."""
    credentials = {"username": "ana", "password": "presence-demo"}
    answer = httpx.post(f"{site.url}/api/v1/token/", json=credentials)
    token: str = answer.json()["access"]
    return token


def described() -> dict[str, Any]:
    answer = APIClient().get("/api/schema/?format=json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_it_has_every_path_and_no_other() -> None:
    paths = {
        f"/api/v1/{each.pattern}".replace("<str:", "{").replace(">", "}")
        for each in urls.urlpatterns[:-1]
    }
    assert set(described()["paths"]) == paths | {f"/{path}" for path in CONSUMERS}


def test_every_operation_has_a_summary_credentials_and_its_errors() -> None:
    for path, item in described()["paths"].items():
        for method in EVERY_METHOD & set(item):
            operation = item[method]
            assert operation["summary"], path
            assert operation["tags"], path
            responses = set(operation["responses"])
            assert responses & {"200", "201", "204"}, path
            if path not in {"/api/v1/token/", "/api/v1/token/refresh/"}:
                assert operation["security"], path
                assert "401" in responses, path
            if "requestBody" in operation:
                assert {"400", "413", "415"} <= responses, path


def test_the_page_to_try_it_is_there() -> None:
    assert b"swagger" in APIClient().get("/api/docs/").content


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_the_server_does_what_it_says(site: Any, access: str, mode: GenerationMode) -> None:
    description = schemathesis.openapi.from_url(f"{site.url}/api/schema/?format=json")
    # The stream is left out: it would not end.
    operations = description.exclude(path="/presence/stream").get_all_operations()
    found = (disagreement(each.ok(), mode, access) for each in operations)
    wrong = [each for each in found if each is not None]
    assert not wrong, "\n\n".join(wrong)


def disagreement(operation: Any, mode: GenerationMode, access: str) -> str | None:
    """Send what the description allows, or does not; return what the server did otherwise than described."""
    beyond_words = [positive_data_acceptance] if operation.label in BEYOND_WORDS else []

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck]
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def does_what_it_says(case: Any) -> None:
        headers = {"Authorization": f"Bearer {access}"}
        case.call_and_validate(headers=headers, excluded_checks=beyond_words)

    try:
        does_what_it_says()
    except Unsatisfiable:
        return None  # nothing can be wrong about it
    except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001  (told with all others)
        return f"{operation.label}\n{error}"
    return None

"""Every refusal is a problem that names the field, and tells nothing else."""

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import RequestFactory
from rest_framework.exceptions import ValidationError

from presence.api import handlers
from presence.api.errors import problem_handler
from presence.service.errors import NotFound, Refused, Unavailable
from presence.service.problem import FieldError, Problem
from tests.api.conftest import Api, problem_of

BODY_PATHS = [
    ("post", "token/"),
    ("post", "token/refresh/"),
    ("post", "presence/query/"),
    ("put", "me/status/"),
    ("put", "me/privacy/"),
    ("post", "me/contacts/"),
    ("post", "me/blocks/"),
]
READ_PATHS = [
    "presence/1/",
    "presence/?users=1",
    "presence/1/history/",
    "me/",
    "me/privacy/",
    "me/contacts/",
    "me/blocks/",
    "me/sessions/",
    "me/why/",
]


@pytest.fixture
def ana() -> Api:
    return Api("42")


@pytest.mark.parametrize(("method", "path"), BODY_PATHS)
class TestBodies:
    @pytest.mark.parametrize(
        "text", [b"", b"{", b"nope", b"\xff\xfe", b"NaN", b"[" * 4_000, b'{"a":1}{"b":2}']
    )
    def test_what_is_not_json_is_refused(
        self, ana: Api, method: str, path: str, text: bytes
    ) -> None:
        problem_of(ana.request(method, path, text), 400, None if text else self.first_of(path))

    def first_of(self, path: str) -> str | None:
        """An empty body is read as an object without fields."""
        return {
            "token/": "username",
            "token/refresh/": "refresh",
            "presence/query/": "users",
            "me/status/": "availability",
            "me/privacy/": "status",
        }.get(path, "user")

    @pytest.mark.parametrize("value", [[], 1, "text", None, True, [{}]])
    def test_what_is_no_object_is_refused(
        self, ana: Api, method: str, path: str, value: Any
    ) -> None:
        problem_of(ana.request(method, path, json.dumps(value)), 400)

    def test_another_content_type_is_refused(self, ana: Api, method: str, path: str) -> None:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "text/csv", "nonsense"):
            problem_of(ana.request(method, path, "user=1", content_type=kind), 415)

    def test_a_field_that_does_not_exist_is_named(self, ana: Api, method: str, path: str) -> None:
        problem = problem_of(ana.request(method, path, {"extra": 1}), 400, "extra")
        assert "known here" in problem["detail"]

    def test_a_body_beyond_the_limit_is_too_large(self, ana: Api, method: str, path: str) -> None:
        longest = 262_144 if path == "presence/query/" else 8_192
        problem = problem_of(ana.request(method, path, "[" + " " * longest), 413)
        assert str(longest) in problem["detail"]


@pytest.mark.parametrize("path", READ_PATHS)
class TestProof:
    def test_nobody_is_asked_for_a_token(self, nobody: Api, path: str) -> None:
        answer = nobody.get(path)
        problem_of(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    @pytest.mark.parametrize(
        "header", ["Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi", "Bearer a b", "x" * 9_000]
    )
    def test_what_proves_nothing_is_refused(self, nobody: Api, path: str, header: str) -> None:
        problem_of(nobody.get(path, Authorization=header), 401)


@pytest.mark.parametrize(
    "path",
    ["", "nope/", "me", "me/nope/", "token", "presence/1", "presence/1/2/3/", "%00/", "../x/"],
)
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_an_unknown_path_is_a_problem(ana: Api, method: str, path: str) -> None:
    problem_of(ana.request(method, path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("get", "token/", "POST"),
        ("delete", "me/", "GET, HEAD"),
        ("patch", "me/status/", "PUT"),
        ("post", "presence/1/", "GET, HEAD"),
        ("options", "me/", "GET, HEAD"),
    ],
)
def test_an_unknown_method_is_told_which_ones_are(
    ana: Api, method: str, path: str, allowed: str
) -> None:
    answer = ana.request(method, path)
    problem_of(answer, 405)
    assert answer.headers["Allow"].replace(", OPTIONS", "") == allowed


class TestAroundTheViews:
    def test_a_path_beside_the_api_is_a_problem_under_api_and_a_page_elsewhere(self) -> None:
        api = Api()
        problem_of(api.client.get("/api/nope/"), 404)
        assert "html" in api.client.get("/nope/").headers["Content-Type"]

    def test_a_host_that_is_not_ours_is_refused(self) -> None:
        problem_of(Api().client.get("/api/v1/me/", headers={"Host": "evil.example"}), 400)

    @pytest.mark.parametrize("path", ["/api/v1/me/", "/page/"])
    def test_djangos_own_refusals_follow_the_path(self, path: str) -> None:
        request = RequestFactory().get(path)
        answers = {
            400: handlers.bad_request(request, ValueError("secret")),
            403: handlers.permission_denied(request, PermissionError("secret")),
            404: handlers.not_found(request, ValueError("secret")),
            500: handlers.server_error(request),
        }
        for status, answer in answers.items():
            if path.startswith("/api/"):
                problem_of(answer, status)
            assert answer.status_code == status
            assert b"secret" not in answer.content


class TestExceptions:
    def answer(self, error: Exception) -> Any:
        response = problem_handler(error, {})
        return response.status_code, response.data, response.headers

    def test_a_refusal_of_the_service_names_its_field(self) -> None:
        status, data, _ = self.answer(Refused("user", "this is yourself"))
        assert (status, data["field"], data["detail"]) == (400, "user", "this is yourself")

    def test_what_is_not_found_is_not_described(self) -> None:
        status, data, _ = self.answer(NotFound("user 42 blocks you"))
        assert status == 404
        assert "42" not in json.dumps(data["detail"])

    def test_what_is_not_available_says_when_to_try_again_and_not_why(self) -> None:
        status, data, headers = self.answer(Unavailable("redis at 10.0.0.1", retry_after=7))
        assert (status, headers["Retry-After"]) == (503, "7")
        assert "redis" not in data["detail"]
        status, data, headers = self.answer(OperationalError("password for db failed"))
        assert (status, headers["Retry-After"]) == (503, "5")
        assert "password" not in data["detail"]

    def test_whatever_nobody_expected_is_a_bare_500(self) -> None:
        status, data, _ = self.answer(KeyError("secret"))
        assert status == 500
        assert "secret" not in json.dumps(data)

    def test_several_errors_are_all_told_with_their_paths(self) -> None:
        error = ValidationError(
            {"users": {3: ["bad"]}, "message": {"until": ["past"]}, "non_field_errors": ["both"]}
        )
        _, data, _ = self.answer(error)
        assert data["field"] == "users.3"
        assert [each["field"] for each in data["errors"]] == ["users.3", "message.until", ""]


def test_a_problem_is_written_without_what_it_does_not_have() -> None:
    assert json.loads(Problem(status=404, detail="no").to_json()) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no",
    }
    one = FieldError(field="a", detail="b")
    assert "errors" not in Problem(status=400, detail="b", field="a", errors=[one]).as_dict()

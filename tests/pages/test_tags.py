"""What the tags write into somebody's page."""

import json
import re

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.template import Context, Template
from django.test import RequestFactory

from presence.service.tokens import issue_presence_token


def _render(text, user, **cookies):
    request = RequestFactory().get("/")
    request.user = user
    request.COOKIES |= cookies
    return Template("{% load presence %}" + text).render(
        Context({"request": request, "user": user})
    )


def _config(page):
    return json.loads(re.search(r'<script id="presence-config"[^>]*>(.*?)</script>', page)[1])


ANA = User(pk=42, username="ana")


def test_an_anonymous_visitor_gets_no_script():
    assert _render("{% presence_script %}", AnonymousUser()) == ""


def test_the_script_is_told_who_is_logged_in_and_where_the_service_is():
    page = _render("{% presence_script %}", ANA)

    config = _config(page)
    assert config["me"] == "42"
    assert (config["base"], config["api"]) == ("/presence", "/api/v1")
    assert config["idleAfter"] == 300_000
    assert 'type="module" src="/static/presence/elements.js"' in page


def test_the_service_may_be_elsewhere():
    page = _render('{% presence_script base="/live/presence" api="/live/api" %}', ANA)

    assert (_config(page)["base"], _config(page)["api"]) == ("/live/presence", "/live/api")


def test_nothing_in_the_page_is_an_inline_script():
    page = _render("{% presence_script %}", ANA)

    for attributes in re.findall(r"<script([^>]*)>", page):
        assert "application/json" in attributes or "src=" in attributes


@pytest.mark.parametrize(
    ("owner", "renews"), [("42", False), ("43", True), (None, True)], ids=["own", "other", "none"]
)
def test_a_cookie_that_is_missing_or_anothers_is_renewed_first(owner, renews):
    cookies = {"presence_token": issue_presence_token(user=owner).token} if owner else {}

    assert _config(_render("{% presence_script %}", ANA, **cookies))["renew"] is renews


def test_a_dot_takes_a_user_or_an_id_and_escapes_both():
    assert _render("{% presence_dot user %}", ANA) == (
        '<presence-dot user="42" name="ana"></presence-dot>'
    )
    user = User(pk=7, username='<"ana">')
    assert _render("{% presence_dot user.username name=user.username text=True %}", user) == (
        '<presence-dot user="&lt;&quot;ana&quot;&gt;" name="&lt;&quot;ana&quot;&gt;" text></presence-dot>'
    )

"""The page at `/`."""

import pytest
from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db


def test_whoever_is_not_logged_in_is_sent_to_the_login(client):
    response = client.get("/")

    assert response.status_code == 302
    assert response.headers["Location"] == "/accounts/login/?next=/"


def test_the_page_allows_nothing_inline_and_is_not_stored(client):
    client.force_login(User.objects.create(username="ana"))

    response = client.get("/")

    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert response.headers["Cache-Control"] == "no-store"
    assert b"style=" not in response.content
    assert b" onclick" not in response.content


def test_the_login_lists_demo_people_in_development_only(client, settings):
    assert b"Demo people" not in client.get("/accounts/login/").content

    settings.DEBUG = True
    assert b'data-name="chloe"' in client.get("/accounts/login/").content

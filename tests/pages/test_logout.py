"""Logging out leaves nothing behind that proves anything."""

import pytest
from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db


def test_logging_out_takes_the_presence_token_along(client):
    client.force_login(User.objects.create(username="ana"))
    client.post("/api/v1/presence/token/")
    assert client.cookies["presence_token"].value

    response = client.post("/accounts/logout/")

    assert response.status_code == 302
    cookie = response.cookies["presence_token"]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", 0, "/")
    assert "_auth_user_id" not in client.session

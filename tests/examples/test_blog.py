"""The example blog, as a process of its own: its pages carry dots, and the stream tells of the author."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial

import httpx
import pytest

from tests import servers
from tests.architecture.source import ROOT
from tests.servers import free_port

BLOG = ROOT / "examples" / "blog"
WRITE = """
from django.contrib.auth.models import User
from blog.models import Post
ana, ben = (User.objects.create_user(name, password="secret") for name in ("ana", "ben"))
Post.objects.create(title="Hello", text="A first post.", author=ana)
print(ana.pk)
"""


@pytest.fixture
def environment(database_server, django_db_setup, redis_url):
    place = os.environ["DATABASE_URL"].removeprefix("postgres://presence@/").rpartition("/")[0]
    database_server.create_database("blog")
    yield {
        **{name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")},
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PGDATABASE": "blog",
        "PGUSER": "presence",
        "PGHOST": place,
        "REDIS_URL": redis_url,
    }
    database_server.drop_database("blog")


@pytest.fixture
def manage(environment):
    return partial(servers.manage, env=environment, cwd=BLOG)


@pytest.fixture
def author(manage):
    """Id of ana, who has written something."""
    manage("check")
    manage("makemigrations", "--check", "--dry-run", "blog")
    manage("migrate", "--verbosity", "0")
    return manage("shell", "--no-imports", "-c", WRITE).strip()


@pytest.fixture
def blog(environment, author):
    """Address of the running blog."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--all-in-one", "--port", str(port)],
        cwd=BLOG,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert "Presence listens on" in server.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)


def _first_event(client, address):
    with client.stream("GET", address) as stream:
        assert stream.status_code == 200
        event = ""
        for line in stream.iter_lines():
            event = line.removeprefix("event: ") if line.startswith("event:") else event
            if event and line.startswith("data:"):
                return event, json.loads(line.removeprefix("data:"))
    raise AssertionError("the stream ended without an event")


@pytest.mark.slow
def test_its_pages_carry_dots_and_the_stream_tells_of_the_author(blog, author):
    dot = f'<presence-dot user="{author}" name="ana"'
    with httpx.Client(base_url=blog, timeout=20) as ana, httpx.Client(base_url=blog) as ben:
        credentials = {"username": "ana", "password": "secret"}
        token = ana.post("/api/v1/token/", json=credentials).json()["access"]
        bearer = {"Authorization": f"Bearer {token}"}
        beat = ana.post("/presence/heartbeat", json={"session": "tab"}, headers=bearer)
        assert beat.json()["status"] == "online"
        anonymous = ana.get("/").text
        assert "Hello" in anonymous and "presence-dot" not in anonymous

        ben.get("/accounts/login/")
        form = {"username": "ben", "password": "secret"}
        entered = ben.post(
            "/accounts/login/", data=form | {"csrfmiddlewaretoken": ben.cookies["csrftoken"]}
        )
        assert entered.status_code == 302
        for path in ("/", "/posts/1/"):
            page = ben.get(path).text
            assert dot in page
            assert 'id="presence-config"' in page

        # As the page's script does: the session gets the cookie, the cookie opens the stream.
        csrf = {"X-CSRFToken": ben.cookies["csrftoken"]}
        assert ben.post("/api/v1/presence/token/", headers=csrf).status_code == 200
        event, data = _first_event(ben, f"/presence/stream?users={author}&ping=1")
    assert event == "snapshot"
    assert [(each["user"], each["status"]) for each in data["users"]] == [(author, "online")]

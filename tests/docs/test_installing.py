"""docs/installing.md, followed to the letter on a site that `startproject` has just made."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
import urllib.request
from functools import partial

import pytest
from packaging.requirements import Requirement

from tests import servers
from tests.architecture.source import ROOT
from tests.servers import free_port

PAGE = ROOT / "docs" / "installing.md"
_FILE = re.compile(
    r"```(?:python|html)\n(?:# |<!-- )(\S+?)(, at the end)?(?: -->)?\n(.*?)```", re.DOTALL
)


@pytest.mark.slow
def test_a_fresh_site_that_follows_the_page_has_presence(
    tmp_path, database_server, django_db_setup, redis_url
):
    place = os.environ["DATABASE_URL"].removeprefix("postgres://presence@/").rpartition("/")[0]
    database_server.create_database("mysite")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")},
        "PYTHONPATH": str(ROOT),
        "DJANGO_SUPERUSER_PASSWORD": "secret",
    }

    manage = partial(servers.manage, env=environment, cwd=tmp_path)

    subprocess.run(
        [sys.executable, "-m", "django", "startproject", "mysite", str(tmp_path)],
        env=environment,
        check=True,
    )
    # The page's servers are the reader's; ours are sockets in a folder.
    page = PAGE.read_text().replace('"USER": "mysite"', '"USER": "presence"')
    page = page.replace('"HOST": "127.0.0.1"', f'"HOST": {place!r}')
    page = page.replace("redis://127.0.0.1:6379/0", redis_url)
    for name, at_the_end, text in _FILE.findall(page):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text((file.read_text() if at_the_end else "") + text)
    manage("check")
    manage("migrate", "--verbosity", "0")
    manage("createsuperuser", "--no-input", "--username", "zoe", "--email", "zoe@example.org")

    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--all-in-one", "--port", str(port)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert "Presence listens on" in server.stdout.readline()

        def post(path: str, body: dict[str, str], token: str = "") -> dict[str, str]:
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}{path}",
                json.dumps(body).encode(),
                {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
            )
            with urllib.request.urlopen(request, timeout=20) as response:
                return json.load(response)

        token = post("/api/v1/token/", {"username": "zoe", "password": "secret"})["access"]
        assert post("/presence/heartbeat", {"session": "tab"}, token)["status"] == "online"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as response:
            assert '<presence-dot user="1"' in response.read().decode()
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)


def test_what_the_package_asks_for_is_what_this_repository_runs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {
        Requirement(line).name.lower(): next(iter(Requirement(line).specifier)).version
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if "==" in line
    }
    for requirement in map(Requirement, project["dependencies"]):
        assert requirement.specifier.contains(pinned[requirement.name.lower()]), requirement

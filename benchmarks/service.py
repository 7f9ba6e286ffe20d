"""Service: this project, started for measuring with stores of its own.

Flow: claim -> **service** -> Postgres, Valkey, `manage.py serve`, a second web process that publishes.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from benchmarks import machine, posts
from presence_project.embedded.folder import ServerFolder
from presence_project.embedded.servers import EmbeddedServers


class Service:
    """The service under test on `port` (its own core), and what it needs. Use as a context manager."""

    def __init__(self, *, env: dict[str, str] | None = None, second: bool = False) -> None:
        """`env`: settings that differ from the defaults. `second`: a second web process, on the other core."""
        self.port, self.second_port = _free_port(), _free_port()
        self._with_second = second
        self._given = env or {}
        self._folder = ServerFolder.temporary()
        self._servers = EmbeddedServers(self._folder, {})
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Service":
        self._servers.__enter__()
        # The environment of this process too: tokens are signed and users named with the same settings.
        os.environ |= {
            **self._servers.urls,
            "DJANGO_MODE": "test",
            "DJANGO_SETTINGS_MODULE": "presence_project.settings",
            **self._given,
        }
        self._manage("migrate", "--verbosity", "0")
        self._serve(self.port, core=machine.SERVER_CORE)
        if self._with_second:
            self._serve(self.second_port, core=machine.OTHER_CORE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            machine.end(process)
        self._servers.__exit__(kind, error, trace)
        self._folder.remove()
        for name in self._given:
            os.environ.pop(name, None)

    @property
    def redis_url(self) -> str:
        """The live store's address."""
        return self._servers.urls["REDIS_URL"]

    @property
    def pids(self) -> list[int]:
        """The process under test."""
        return machine.family(self._processes[0].pid)

    @property
    def store_pids(self) -> list[int]:
        """The live store."""
        pids = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                pid = int(entry.name)
                command = (entry / "cmdline").read_bytes()
                if str(self._folder.path).encode() in command and b"valkey" in command:
                    pids.append(pid)
        return pids

    def _manage(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=machine.ROOT,
            check=True,
            capture_output=True,
        )

    def _serve(self, port: int, *, core: int) -> None:
        command = [sys.executable, "manage.py", "serve", "--port", str(port)]
        self._processes.append(
            machine.start(command, core=core, log=machine.LOCAL / "logs" / "service.log")
        )
        give_up_at = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                    return
            except OSError:
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_people(count: int) -> list[str]:
    """Make accounts, whom everybody may watch; return their ids. Call inside of a running service only."""
    set_up()
    from django.contrib.auth import get_user_model

    users = get_user_model().objects
    first = users.count()
    made = users.bulk_create(
        [users.model(username=f"p{first + number}", password="!") for number in range(count)]
    )
    return [str(user.pk) for user in made]


def token_of(user: str) -> str:
    """Return a presence token of `user`. Call inside of a running service only: the settings are its own."""
    set_up()
    from presence.service.tokens import issue_presence_token

    return issue_presence_token(user=user).token


def set_up() -> None:
    """Make Django of this process the service's own: same settings, same stores."""
    import django
    from django.apps import apps
    from django.conf import settings
    from django.db import connections

    if not apps.ready:
        django.setup()
    # A later service of the same process has another database.
    name = os.environ["DATABASE_URL"]
    if getattr(settings, "BENCHMARK_DATABASE", name) != name:
        import environ

        connections["default"].close()
        new = environ.Env.db_url_config(name)
        connections["default"].settings_dict.update(
            {key: new[key] for key in ("HOST", "PORT", "NAME", "USER") if key in new}
        )
    settings.BENCHMARK_DATABASE = name


def heartbeat(user: str, *, activity: str = "active", session: str = "s1") -> bytes:
    """Return one heartbeat of `user` as it goes over the wire."""
    return posts.request(
        "/presence/heartbeat",
        body=f'{{"session":"{session}","activity":"{activity}"}}'.encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token_of(user)}",
        },
    )

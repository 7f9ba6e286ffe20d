"""Whole sites as their own processes, for tests that need real sockets, signals and crashes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from secrets import randbelow
from typing import Literal

from presence_project.embedded.folder import ServerFolder
from presence_project.embedded.postgres import Postgres
from presence_project.embedded.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent
ServerKind = Literal["uvicorn", "daphne"]


class DatabaseServer(Postgres):
    """The suite's Postgres, which hands out copies of a migrated database in about 30 ms."""

    _numbers = count(1)

    def start(self) -> None:
        """Start it, and have no copy of the demo people yet."""
        super().start()
        self._has_people = False

    def migrated(self) -> str:
        """URL of a new database with all tables and no rows."""
        return self.create_database(f"site_{next(self._numbers)}", template="migrated")

    def populated(self) -> str:
        """URL of a new database with the demo people in it."""
        if not self._has_people:
            self.drop_database("populated")  # of a try that failed
            url = self.create_database("populated", template="migrated")
            manage("demo_people", env=environment({"DATABASE_URL": url}))
            self._has_people = True
        return self.create_database(f"site_{next(self._numbers)}", template="populated")


def environment(extra: dict[str, str]) -> dict[str, str]:
    """The environment of a child: this process's own, in test mode, with what the caller adds."""
    return {**os.environ, "DJANGO_MODE": "test", "PYTHONUNBUFFERED": "1", **extra}


def manage(*arguments: str, env: dict[str, str], cwd: Path = ROOT) -> str:
    """Run one management command of the site in `cwd` to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def free_port() -> int:
    """A loopback port nobody listens on.

    None of those that the kernel hands out: until the server has started, any client's connection could get it.
    """
    while True:
        port = 10_000 + randbelow(
            22_000
        )  # the tests' seeded numbers would be the same in two processes
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass
class Site:
    """One running web process (with its worker inside, unless told otherwise) and the servers it uses."""

    kind: ServerKind
    database_url: str
    redis_url: str
    port: int
    arguments: tuple[str, ...]
    env: dict[str, str]
    log: Path
    valkey: Valkey | None = None
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until /healthz answers."""
        if self.kind == "uvicorn":
            command = [
                "manage.py",
                "serve",
                "--host",
                "127.0.0.1",
                "--port",
                str(self.port),
                *self.arguments,
            ]
        else:
            command = ["-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port), *self.arguments]
            command += ["presence_project.asgi:application"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.env,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        give_up_at = time.monotonic() + 120
        while not self._answers():
            assert self.process.poll() is None, f"the server ended at once:\n{self.read_log()}"
            assert time.monotonic() < give_up_at, (
                f"the server did not answer in 120 s:\n{self.read_log()}"
            )
            time.sleep(0.05)

    def _answers(self) -> bool:
        """Whether the process says that it lives."""
        try:
            request = urllib.request.Request(
                f"{self.url}/healthz", headers={"X-Forwarded-Proto": "https"}
            )
            with urllib.request.urlopen(request, timeout=2) as response:
                return response.status == 200
        except OSError:
            return False

    def stop(self, *, within_seconds: float = 30.0) -> int:
        """Ask it to end (SIGTERM), wait, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(within_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not end on SIGTERM:\n{self.read_log()}") from None

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def manage(self, *arguments: str) -> str:
        """Run a management command on this site's data."""
        return manage(*arguments, env=self.env)

    def read_log(self) -> str:
        """Everything it has printed."""
        return self.log.read_text(errors="replace")


class SiteFactory:
    """Starts sites, each with data of its own unless it is told to share another's."""

    def __init__(self, database_server: DatabaseServer) -> None:
        self._database_server = database_server

    @contextmanager
    def scope(self) -> Iterator[Callable[..., Site]]:
        """A `serve` function; whatever it started has ended when the scope is left."""
        with ExitStack() as stack:

            def serve(**options: object) -> Site:
                return self.serve(stack, **options)

            yield serve

    def serve(
        self,
        stack: ExitStack,
        *,
        kind: ServerKind = "uvicorn",
        arguments: tuple[str, ...] | None = None,
        people: bool = True,
        beside: Site | None = None,
        database_url: str | None = None,
        redis_url: str | None = None,
        env: dict[str, str] | None = None,
        start: bool = True,
    ) -> Site:
        """Start one site and wait until it answers.

        kind: "uvicorn" is `manage.py serve`; "daphne" the development server.
        arguments: of the server's command line; `--all-in-one` for uvicorn unless given.
        people: whether the demo people are in its database (password `presence-demo`).
        beside: another site whose database and Valkey this one shares: a second web process.
        env: added to its environment, for example {"PRESENCE_LEASE_AFTER": "2"}.
        start: False leaves starting to the caller (`site.start()`).
        """
        valkey = None
        if beside is not None:
            database_url, redis_url = beside.database_url, beside.redis_url
        if database_url is None:
            database_url = (
                self._database_server.populated() if people else self._database_server.migrated()
            )
            stack.callback(self._database_server.drop_database, database_url.rsplit("/", 1)[1])
        folder = ServerFolder.temporary()
        folder.prepare()
        stack.callback(folder.remove)
        if redis_url is None:
            valkey = Valkey(folder, durable=False)
            valkey.start()
            stack.callback(valkey.stop)
            redis_url = valkey.url
        if arguments is None:
            arguments = ("--all-in-one",) if kind == "uvicorn" else ()
        urls = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "DATABASE_POOL_MAX": "5"}
        site = Site(
            kind=kind,
            database_url=database_url,
            redis_url=redis_url,
            port=free_port(),
            arguments=arguments,
            env=environment({**urls, **(env or {})}),
            log=folder.path / "site.log",
            valkey=valkey,
        )
        stack.callback(
            lambda: hasattr(site, "process") and site.process.poll() is None and site.kill()
        )
        if start:
            site.start()
        return site

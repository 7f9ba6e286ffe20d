import os
import signal
import subprocess
import sys
import textwrap
import time

import psycopg
import pytest
import redis

from presence_project.embedded.account import Account
from presence_project.embedded.folder import FolderError, FolderInUseError, ServerFolder
from presence_project.embedded.postgres import Postgres
from presence_project.embedded.process import ServerFailedError
from presence_project.embedded.servers import EmbeddedServers
from tests.servers import ROOT


@pytest.fixture
def folder():
    folder = ServerFolder.temporary()
    yield folder
    folder.remove()


def test_data_survives_a_restart(folder):
    with EmbeddedServers(folder, {}) as servers:
        assert set(servers.urls) == {"DATABASE_URL", "REDIS_URL"}
        with psycopg.connect(
            host=str(folder.sockets), user="presence", dbname="presence"
        ) as connection:
            connection.execute("CREATE TABLE kept (it int)")
        redis.Redis.from_url(folder.redis_url).set("kept", "it")
    with EmbeddedServers(folder, {}):
        with psycopg.connect(
            host=str(folder.sockets), user="presence", dbname="presence"
        ) as connection:
            connection.execute("SELECT it FROM kept")
        assert redis.Redis.from_url(folder.redis_url).get("kept") == b"it"


def test_a_server_that_the_environment_names_is_not_started(folder):
    with EmbeddedServers(folder, {"DATABASE_URL": "postgres://elsewhere/presence"}) as servers:
        assert set(servers.urls) == {"REDIS_URL"}
        assert not (folder.path / "postgres").exists()


def test_nothing_is_made_when_both_are_named(folder):
    folder.path.rmdir()
    with EmbeddedServers(
        folder, {"DATABASE_URL": "postgres://a/b", "REDIS_URL": "redis://a"}
    ) as servers:
        assert servers.urls == {}
    assert not folder.path.exists()


def test_a_second_starter_is_refused_at_once(folder):
    with EmbeddedServers(folder, {"DATABASE_URL": "postgres://a/b"}):
        started = time.monotonic()
        with pytest.raises(FolderInUseError, match=str(os.getpid())):
            ServerFolder(folder.path).prepare()
        assert time.monotonic() - started < 1


def test_nobody_else_can_enter_the_folders(folder):
    with EmbeddedServers(folder, {"DATABASE_URL": "postgres://a/b"}):
        for path in (folder.path, folder.sockets):
            assert path.stat().st_mode & 0o777 == 0o700
            assert path.stat().st_uid == Account.for_servers().uid


def test_a_killed_starter_leaves_no_server_behind_and_the_next_one_starts(folder):
    script = textwrap.dedent(f"""
        import os, pathlib
        from presence_project.embedded.folder import ServerFolder
        from presence_project.embedded.servers import EmbeddedServers
        EmbeddedServers(ServerFolder(pathlib.Path({str(folder.path)!r})), {{}}).__enter__()
        print("ready", flush=True)
        os.read(0, 1)
    """)
    starter = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with starter:
        assert starter.stdout.readline() == "ready\n"
        starter.send_signal(signal.SIGKILL)
    with EmbeddedServers(folder, {}):
        assert redis.Redis.from_url(folder.redis_url).ping()


def test_sockets_move_when_the_path_is_too_long_for_one(tmp_path):
    folder = ServerFolder(tmp_path / ("long" * 30))
    assert len(str(folder.sockets)) < 80
    assert folder.sockets == ServerFolder(folder.path).sockets


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(folder):
    os.chown(folder.path, 12345, 12345)
    with pytest.raises(FolderError, match="somebody else"):
        folder.prepare()


def test_a_server_that_cannot_start_says_why(folder):
    folder.prepare()
    folder.subfolder("postgres")  # with nothing in it
    with pytest.raises(ServerFailedError, match=r"postgresql\.conf.*No such file"):
        Postgres(folder).start()

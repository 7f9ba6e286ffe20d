import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import psycopg
import pytest

from presence_project.embedded.folder import ServerFolder
from tests.servers import ROOT, free_port


def launch(root, *, port, **variables):
    """Start what `make run` starts, from a clone, without the variables of this suite."""
    names = ("PATH", "HOME", "TMPDIR")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "presence_project.run"],
        cwd=root,
        env={**environment, "PORT": str(port), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("port", ["none", "80a", "0", "65536", "-1"])
def test_a_port_that_is_none_is_a_one_line_error(port):
    with launch(ROOT, port=port) as process:
        output, _ = process.communicate()
    assert process.returncode == 1
    assert output == f"error: PORT is {port!r}, which is no port\n"


def test_a_busy_port_is_a_one_line_error():
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with launch(ROOT, port=port) as process:
            output, _ = process.communicate()
    assert process.returncode == 1
    assert output == f"error: port {port} is in use; choose another: PORT=9000 make run\n"


def test_a_look_around_is_refused_in_production():
    with launch(ROOT, port=free_port(), DJANGO_MODE="production") as process:
        output, _ = process.communicate()
    assert process.returncode == 1
    assert output.count("\n") == 1


@pytest.fixture
def clone(tmp_path):
    """A copy of what a clone has, with a place of its own for data."""
    for name in ("presence", "presence_project", "templates", "static", "manage.py"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, tmp_path / name)
    yield tmp_path
    ServerFolder.of_checkout(tmp_path).remove()


@pytest.mark.slow
def test_ctrl_c_ends_everything_and_a_second_run_finds_its_data(clone):
    folder = ServerFolder.of_checkout(clone)
    first_steps = [
        "CREATE TABLE kept (it int)",
        "SELECT count(*) FROM auth_user",
    ]
    second_steps = ["SELECT it FROM kept", "SELECT count(*) FROM auth_user"]
    for steps in (first_steps, second_steps):
        port = free_port()
        with launch(clone, port=port) as process:
            wait_for(f"http://127.0.0.1:{port}/accounts/login/", process)
            with psycopg.connect(
                host=str(folder.sockets), user="presence", dbname="presence"
            ) as connection:
                answers = [connection.execute(step) for step in steps]
                assert answers[-1].fetchone() == (11,)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=40)
        assert process.returncode == 0, output
        assert f"http://127.0.0.1:{port}/ " in output
        assert "Traceback" not in output
        folder.prepare()  # the lock is free only when no server is left
        folder.release()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def wait_for(url, process):
    """Wait until a page answers."""
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    process.kill()
    raise AssertionError(process.communicate()[0])

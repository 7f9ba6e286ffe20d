"""`make run`: everything a look at the service needs, in one terminal.

Flow: make run -> **this** -> embedded servers -> migrate -> demo people -> `manage.py serve` -> a banner

Whatever this starts ends with it: by Ctrl-C, by SIGTERM, and (the kernel sees to that) by SIGKILL.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import FrameType
from typing import NoReturn

from presence_project.embedded.folder import FolderError, FolderInUseError, ServerFolder
from presence_project.embedded.process import ServerFailedError, die_with_parent
from presence_project.embedded.program import ProgramMissingError
from presence_project.embedded.servers import EmbeddedServers

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
BANNER = """
  Presence is running.

    Open    http://127.0.0.1:{port}/            as ana, ben, chloe, dan, eve, finn, gus, hana, ivan or jo
    Admin   http://127.0.0.1:{port}/admin/      as admin
    API     http://127.0.0.1:{port}/api/docs/

  The password is presence-demo for everybody. Log in as two people in two browsers (or a private window),
  and each sees the other come and go. Ctrl-C ends everything; the data stays.
"""


class RunError(Exception):
    """Something a person must put right, said in one line."""


def serve() -> None:
    """Serve until told to end."""
    port = port_to_serve_on()
    folder = ServerFolder.of_checkout(ROOT)
    with EmbeddedServers(folder, os.environ) as servers:
        # Ctrl-C with a page open is to end at once, not to spread goodbyes over ten seconds.
        environment = {"PRESENCE_DRAIN_AFTER": "1", **os.environ, **servers.urls}
        manage(environment, "migrate", "--no-input", "--verbosity", "0")
        manage(environment, "demo_people")
        service = subprocess.Popen(
            [
                sys.executable,
                "manage.py",
                "serve",
                "--all-in-one",
                "--host",
                HOST,
                "--port",
                str(port),
            ],
            cwd=ROOT,
            env=environment,
            # Ctrl-C is for this process alone, which then ends the service before the servers it needs.
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        try:
            wait_until_it_answers(service, port)
            print(BANNER.format(port=port), flush=True)
            code = service.wait()
        finally:
            end(service)
        raise RunError(f"the service ended by itself with code {code}")


def shell() -> None:
    """A Django shell on the same data, beside a running service or alone."""
    folder = ServerFolder.of_checkout(ROOT)
    command = [sys.executable, "manage.py", "shell"]
    try:
        with EmbeddedServers(folder, os.environ) as servers:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at a prompt is the shell's
            subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, **servers.urls},
                check=False,
                preexec_fn=listen_to_ctrl_c,
            )
    except FolderInUseError:  # `make run` has them; the settings find their sockets
        os.chdir(ROOT)
        os.execv(command[0], command)  # noqa: S606 (ours, without a shell)


def listen_to_ctrl_c() -> None:
    """Undo, in a child, what its parent has set for itself."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def port_to_serve_on() -> int:
    """The port of PORT, refused before anything starts when it is none or taken."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise RunError(f"PORT is {text!r}, which is no port")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except PermissionError:
            raise RunError(
                f"port {text} needs root; choose one above 1023: PORT=9000 make run"
            ) from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise RunError(f"port {text} is in use; choose another: PORT=9000 make run") from None
    return int(text)


def manage(environment: dict[str, str], *arguments: str) -> None:
    """Run one management command, silent unless it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        raise RunError(f"manage.py {arguments[0]} failed; its own words are above")


def wait_until_it_answers(service: subprocess.Popen[bytes], port: int) -> None:
    """Wait for /healthz."""
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        if service.poll() is not None:
            raise RunError("the service ended at once; its own words are above")
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RunError("the service did not answer within a minute")


def end(service: subprocess.Popen[bytes]) -> None:
    """Ask the service to end, and make it when it does not within 30 s."""
    if service.poll() is None:
        service.terminate()
    try:
        service.wait(30)  # goodbyes, the worker and the pools take up to 12 s
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()


def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """The first signal to end starts the end, which is bounded in time; later ones must not break it off."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    """Serve, or open a shell when the argument says so."""
    # A script's shell leaves SIGINT ignored in what it puts into the background; this is to end
    # all the same.
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is under nohup
        signal.signal(signal.SIGHUP, interrupt)
    if os.environ.setdefault("DJANGO_MODE", "development") == "production":
        print(
            "error: make run is for a look around; production starts with manage.py serve",
            file=sys.stderr,
        )
        return 1
    try:
        (shell if arguments == ["shell"] else serve)()
    except (RunError, FolderError, ProgramMissingError, ServerFailedError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nEnded.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

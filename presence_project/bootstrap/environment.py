"""The environment `.venv`: whether it is what the lock says, and making it so."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager

from presence_project.bootstrap.installer import install
from presence_project.bootstrap.place import LOCAL, ROOT, VENV

STAMP = VENV / "installed.txt"
LOCKS = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def ensure(kind: str) -> None:
    """Bring `.venv` to the lock of `kind` ("run" or "dev"), doing nothing when it is there."""
    if is_installed(kind):
        return
    with exclusive():  # two `make` at once: the second waits, then finds the work done
        if is_installed(kind):
            return
        # Tools that are already here stay: `make run` after `make test` must not remove pytest.
        kind = "dev" if stamp().startswith("dev ") else kind
        STAMP.unlink(missing_ok=True)
        make_venv()
        print(f"Installing {LOCKS[kind].name} into .venv ...", flush=True)
        install(LOCKS[kind])
        STAMP.write_text(fingerprint(kind))


def is_installed(kind: str) -> bool:
    """Whether `.venv` holds what the lock of `kind` says; "dev" also serves as "run"."""
    if not (VENV / "bin" / "python").exists():
        return False
    return stamp() in {fingerprint(kind), fingerprint("dev")}


def stamp() -> str:
    """What was installed last, as written by `fingerprint`."""
    return STAMP.read_text() if STAMP.exists() else ""


def fingerprint(kind: str) -> str:
    """Name of an installation: which lock, its content, and the Python it is for."""
    return f"{kind} {hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest()} python{PYTHON}\n"


def make_venv() -> None:
    """Make an empty environment, or replace one whose Python has gone or is another version."""
    if VENV.exists():
        version = "import sys; print('%d.%d' % sys.version_info[:2])"
        if output_of([str(VENV / "bin" / "python"), "-c", version]) == PYTHON:
            return
        shutil.rmtree(VENV)
    # Without pip: Debian keeps what would put it there in another package.
    venv.create(VENV, with_pip=False, symlinks=True)


def output_of(command: list[str]) -> str:
    """What a command prints, or nothing when it cannot be run."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


@contextmanager
def exclusive() -> Iterator[None]:
    """Hold the only right to change `.venv`."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "bootstrap.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield

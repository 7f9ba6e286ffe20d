"""Makes `.venv` from the hashed lock, on a machine that has nothing but python3.

Flow: make -> **this** (system python, standard library only) -> uv, or pip -> .venv

Debian ships python3 without pip and without ensurepip, so the environment is made without pip and the
installer is fetched as a wheel: uv (12 s for everything, cold) where there is one for this platform, else pip
(35-90 s). Both wheels are pinned by sha256. Nothing happens when the lock has not changed since the last run.
"""

from __future__ import annotations

import configparser
import fcntl
import hashlib
import html.parser
import os
import platform
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCAL = ROOT / ".local"
STAMP = VENV / "installed.txt"
LOCKS = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
OLDEST_PYTHON = (3, 11)

UV_VERSION = "0.13.9"
UV_WHEELS = {  # (system, machine, C library) -> file name and sha256
    ("Linux", "x86_64", "glibc"): (
        "uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    ("Linux", "aarch64", "glibc"): (
        "uv-0.13.9-py3-none-manylinux_2_28_aarch64.whl",
        "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
    ),
    ("Darwin", "arm64", ""): (
        "uv-0.13.9-py3-none-macosx_11_0_arm64.whl",
        "66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63",
    ),
    ("Darwin", "x86_64", ""): (
        "uv-0.13.9-py3-none-macosx_10_12_x86_64.whl",
        "c16ed11e013557536b3e60065f1b912f6407bd6518e041b961e23ef9e6b4fbf5",
    ),
}
PIP_WHEEL = (
    "pip-26.3-py3-none-any.whl",
    "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13",
)


class BootstrapError(Exception):
    """Something a person must put right, said in one line."""


def ensure(kind: str) -> None:
    """Bring `.venv` to the lock of `kind` ("run" or "dev"), doing nothing when it is there already."""
    if is_installed(kind):
        return
    with exclusive():  # two `make` at once: the second waits, then finds the work done
        if is_installed(kind):
            return
        # A tool chain that is already here stays: `make run` after `make test` must not remove pytest.
        kind = "dev" if stamp().startswith("dev ") else kind
        make_venv()
        print(f"Installing {LOCKS[kind].name} into .venv ...", flush=True)
        install(LOCKS[kind])
        STAMP.write_text(fingerprint(kind))


def is_installed(kind: str) -> bool:
    """Whether `.venv` holds what the lock of `kind` says; a "dev" environment also serves as "run"."""
    return (VENV / "bin" / "python").exists() and stamp() in {fingerprint(kind), fingerprint("dev")}


def stamp() -> str:
    """What was installed last, as written by `fingerprint`."""
    return STAMP.read_text() if STAMP.exists() else ""


def fingerprint(kind: str) -> str:
    """Name of an installation: which lock, its content, and the Python it is for."""
    digest = hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest()
    return f"{kind} {digest} python{sys.version_info[0]}.{sys.version_info[1]}\n"


def make_venv() -> None:
    """Make an empty environment, or replace one whose Python has gone or is another version."""
    python = VENV / "bin" / "python"
    wanted = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if VENV.exists():
        answer = run_quietly(
            [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        )
        if answer == wanted:
            return
        shutil.rmtree(VENV)
    venv.create(VENV, with_pip=False, symlinks=True)


def run_quietly(command: list[str]) -> str:
    """Output of a command, or nothing when it cannot be run."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def install(lock: Path) -> None:
    """Install exactly what the lock lists; every file is checked against its hash."""
    python = str(VENV / "bin" / "python")
    uv = uv_program()
    if uv is not None:
        command = [
            str(uv),
            "pip",
            "sync",
            "--quiet",
            "--require-hashes",
            "--python",
            python,
            str(lock),
        ]
        environment = uv_environment()
    else:
        pip = fetch(*PIP_WHEEL)
        command = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "--only-binary=:all:",
        ]
        command += ["--disable-pip-version-check", "--no-warn-script-location", "-r", str(lock)]
        environment = {**os.environ, "PYTHONPATH": str(pip)}
    if subprocess.run(command, env=environment, check=False).returncode:
        raise BootstrapError(f"installing {lock.name} failed; the installer's own message is above")


def uv_environment() -> dict[str, str]:
    """The environment for uv: the index and certificates that pip was told to use hold for uv too."""
    environment = dict(os.environ)
    environment.setdefault("UV_SYSTEM_CERTS", "true")
    environment.setdefault("UV_DEFAULT_INDEX", index_url())
    # A wheel cache on another file system cannot be hard-linked, which is no reason for a warning.
    environment.setdefault("UV_LINK_MODE", "copy" if os.environ.get("UV_CACHE_DIR") else "hardlink")
    if "PIP_CERT" in environment:
        environment.setdefault("SSL_CERT_FILE", environment["PIP_CERT"])
    home = Path(environment.get("HOME") or "/nonexistent")
    if not os.access(home, os.W_OK):
        environment.setdefault("UV_CACHE_DIR", str(LOCAL / "cache" / "uv"))
    return environment


def uv_program() -> Path | None:
    """The uv of the pinned version, fetched on first use; None where there is none for this platform."""
    program = LOCAL / "tools" / f"uv-{UV_VERSION}" / "uv"
    if program.exists():
        return program
    libc = "" if platform.system() == "Darwin" else (platform.libc_ver()[0] or "other")
    wheel = UV_WHEELS.get((platform.system(), platform.machine(), libc))
    if wheel is None:
        return None
    try:
        archive = fetch(*wheel)
    except BootstrapError as error:
        print(f"No uv ({error}); going on with pip.", file=sys.stderr)
        return None
    program.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as packed:
        content = packed.read(f"uv-{UV_VERSION}.data/scripts/uv")
    # Written aside and renamed, so that an interrupted run never leaves half a program behind.
    partial = program.with_suffix(".partial")
    partial.write_bytes(content)
    partial.chmod(0o755)
    partial.rename(program)
    archive.unlink()
    return program


def fetch(name: str, sha256: str) -> Path:
    """Download one wheel from the package index into `.local/tools` and check its hash."""
    target = LOCAL / "tools" / name
    if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == sha256:
        return target
    project = f"{index_url().rstrip('/')}/{name.split('-', maxsplit=1)[0]}/"
    listing = Links()
    listing.feed(read_url(project, accept="text/html").decode())
    for href in listing.hrefs:
        url = urllib.parse.urljoin(project, href)
        if urllib.parse.unquote(urllib.parse.urlsplit(url).path).endswith("/" + name):
            break
    else:
        raise BootstrapError(f"the package index does not offer {name}")
    content = read_url(url)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BootstrapError(f"{name} does not have the expected sha256")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


class Links(html.parser.HTMLParser):
    """Collects the links of a simple-index page."""

    def __init__(self) -> None:
        """Start with no links."""
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the target of each link."""
        self.hrefs += [value for name, value in attrs if tag == "a" and name == "href" and value]


def read_url(url: str, accept: str = "*/*") -> bytes:
    """Read one address, with three tries, since a first connection through a proxy may well fail."""
    request = urllib.request.Request(
        url, headers={"Accept": accept, "User-Agent": "presence-bootstrap"}
    )
    for attempt in range(3):
        try:
            with urllib.request.urlopen(request, timeout=60, context=tls()) as response:
                body: bytes = response.read()
                return body
        except urllib.error.HTTPError as error:
            raise BootstrapError(f"the package index answered {error.code}") from error
        except OSError as error:
            failure = getattr(error, "reason", error)
            time.sleep(2 * attempt)
    raise BootstrapError(f"the package index cannot be reached: {failure}")


def tls() -> ssl.SSLContext:
    """TLS with the system's certificates (SSL_CERT_FILE moves them) plus pip's own, where given."""
    context = ssl.create_default_context()
    if "PIP_CERT" in os.environ:
        context.load_verify_locations(os.environ["PIP_CERT"])
    return context


def index_url() -> str:
    """The package index: what pip or uv was told to use, else PyPI."""
    for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if os.environ.get(variable):
            return os.environ[variable]
    return index_url_of_pip() or "https://pypi.org/simple"


def index_url_of_pip() -> str | None:
    """The index of pip's configuration files: the user's before the machine's."""
    home = Path(os.environ.get("HOME") or "/nonexistent")
    named = [Path(os.environ["PIP_CONFIG_FILE"])] if os.environ.get("PIP_CONFIG_FILE") else []
    usual = [
        home / ".config/pip/pip.conf",
        home / ".pip/pip.conf",
        Path("/etc/xdg/pip/pip.conf"),
        Path("/etc/pip.conf"),
    ]
    for path in named + usual:
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(path)
        except (configparser.Error, OSError):
            continue
        found = parser.get("global", "index-url", fallback=None)
        if found:
            return found
    return None


def compile_locks() -> None:
    """Resolve both requirement files for every platform; the shorter lock is a part of the longer one."""
    uv = uv_program()
    if uv is None:
        raise BootstrapError("making the locks needs uv, which there is none of for this platform")
    common = [
        str(uv),
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        "--no-header",
    ]
    common += ["--python-version", "3.11"]
    runtime = [*common, "requirements.txt", "-o", "requirements.lock"]
    dev = [
        *common,
        "requirements-dev.txt",
        "-c",
        "requirements.lock",
        "-o",
        "requirements-dev.lock",
    ]
    for command in (runtime, dev):
        if subprocess.run(command, cwd=ROOT, env=uv_environment(), check=False).returncode:
            raise BootstrapError("resolving the requirements failed; uv's own message is above")


@contextmanager
def exclusive() -> Iterator[None]:
    """Hold the only right to change `.venv`."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "bootstrap.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def clean() -> None:
    """Remove what `make` made: environment, local data and caches."""
    sys.path.insert(0, str(ROOT))
    from presence_project.embedded.folder import ServerFolder

    ServerFolder.of_checkout(ROOT).remove()
    names = [
        ".venv",
        ".local",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
        "htmlcov",
    ]
    for name in [*names, ".import_linter_cache"]:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    (ROOT / ".coverage").unlink(missing_ok=True)
    for folder in ("presence", "presence_project", "tests"):
        for cache in sorted((ROOT / folder).rglob("__pycache__"), reverse=True):
            shutil.rmtree(cache, ignore_errors=True)


def main(argument: str) -> int:
    """Do what make asked for: "run", "dev", "lock" or "clean"."""
    try:
        if sys.version_info < OLDEST_PYTHON:
            raise BootstrapError(
                "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 ..."
            )
        if argument == "lock":
            compile_locks()
        elif argument == "clean":
            clean()
        else:
            ensure(argument)
    except BootstrapError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

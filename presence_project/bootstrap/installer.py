"""The installer: uv where there is one for this platform, else pip; both pinned by sha256."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

from presence_project.bootstrap.error import BootstrapError
from presence_project.bootstrap.index import fetch, index_url
from presence_project.bootstrap.place import LOCAL, ROOT, TOOLS, VENV

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


def install(lock: Path) -> None:
    """Install exactly what the lock lists; every file is checked against its hash."""
    python = str(VENV / "bin" / "python")
    uv = uv_program()
    if uv is not None:
        command = [str(uv), "pip", "sync", "--quiet", "--python", python]
        environment = uv_environment()
    else:
        command = [python, "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
        command += ["--disable-pip-version-check", "--no-warn-script-location", "-r"]
        # A wheel is a zip file, and pip runs from its own.
        environment = {**os.environ, "PYTHONPATH": str(fetch(*PIP_WHEEL, TOOLS))}
    done = subprocess.run([*command, str(lock), "--require-hashes"], env=environment, check=False)
    if done.returncode:
        raise BootstrapError(f"installing {lock.name} failed; the installer's own words are above")


def compile_locks() -> None:
    """Resolve both requirement files for every platform; the shorter lock is part of the longer."""
    uv = uv_program()
    if uv is None:
        raise BootstrapError("making the locks needs uv, which there is none of for this platform")
    common = [str(uv), "pip", "compile", "--quiet", "--no-header", "--universal"]
    common += ["--generate-hashes", "--python-version", "3.11"]
    runtime = ["requirements.txt", "-o", "requirements.lock"]
    dev = ["requirements-dev.txt", "-c", "requirements.lock", "-o", "requirements-dev.lock"]
    for files in (runtime, dev):
        done = subprocess.run([*common, *files], cwd=ROOT, env=uv_environment(), check=False)
        if done.returncode:
            raise BootstrapError("resolving the requirements failed; uv's own words are above")


def uv_environment() -> dict[str, str]:
    """The environment for uv: the index and certificates that pip was told of hold for uv too."""
    environment = dict(os.environ)
    environment.setdefault("UV_SYSTEM_CERTS", "true")
    environment.setdefault("UV_DEFAULT_INDEX", index_url())
    if environment.get("PIP_CERT"):
        environment.setdefault("SSL_CERT_FILE", environment["PIP_CERT"])
    if not os.access(environment.get("HOME") or "/nonexistent", os.W_OK):
        environment.setdefault("UV_CACHE_DIR", str(LOCAL / "cache" / "uv"))
    return environment


def uv_program() -> Path | None:
    """The uv of the pinned version, fetched on first use; None where this platform has none."""
    program = TOOLS / f"uv-{UV_VERSION}" / "uv"
    if program.exists():
        return program
    c_library = "" if platform.system() == "Darwin" else (platform.libc_ver()[0] or "other")
    wheel = UV_WHEELS.get((platform.system(), platform.machine(), c_library))
    if wheel is None:
        return None
    try:
        archive = fetch(*wheel, TOOLS)
    except BootstrapError as error:
        print(f"No uv ({error}); going on with pip.", file=sys.stderr)
        return None
    program.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and renamed, so that an interrupted run never leaves half a program behind.
    partial = program.with_suffix(".partial")
    with zipfile.ZipFile(archive) as packed:
        partial.write_bytes(packed.read(f"uv-{UV_VERSION}.data/scripts/uv"))
    partial.chmod(0o755)
    partial.rename(program)
    archive.unlink()
    return program

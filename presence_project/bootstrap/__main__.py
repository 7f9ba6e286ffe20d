"""`python3 -m presence_project.bootstrap run|dev|lock|clean`: what make calls first."""

from __future__ import annotations

import shutil
import sys

from presence_project.bootstrap.environment import ensure
from presence_project.bootstrap.error import BootstrapError
from presence_project.bootstrap.installer import compile_locks
from presence_project.bootstrap.place import ROOT
from presence_project.embedded.folder import FolderError, ServerFolder

OLDEST_PYTHON = (3, 11)
MADE_HERE = [".venv", ".local", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"]
MADE_HERE += [".import_linter_cache", "htmlcov"]


def clean() -> None:
    """Remove what make made: environment, local data and caches."""
    folder = ServerFolder.of_checkout(ROOT)
    if folder.path.exists():
        try:
            folder.prepare()  # refuses while servers run from it
        except FolderError as error:
            raise BootstrapError(str(error)) from None
        folder.remove()
    for name in MADE_HERE:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    (ROOT / ".coverage").unlink(missing_ok=True)
    for part in ("presence", "presence_project", "tests", "benchmarks"):
        for cache in list((ROOT / part).rglob("__pycache__")):
            shutil.rmtree(cache, ignore_errors=True)


def main(argument: str) -> int:
    """Do what make asked for: "run", "dev", "lock" or "clean"."""
    if sys.version_info < OLDEST_PYTHON:
        print("error: Python 3.11 or newer is needed: make PYTHON=python3.12 ...", file=sys.stderr)
        return 1
    actions = {"lock": compile_locks, "clean": clean}
    try:
        actions.get(argument, lambda: ensure(argument))()
    except BootstrapError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

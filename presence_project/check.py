"""`make check`: every promise about the code that needs no running service, one after the other.

All of them run, whatever the first one says; the last lines name those that failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
MANAGE = [
    sys.executable,
    "-W",
    "error",
    "-W",
    "ignore:Got an error checking a consistent:RuntimeWarning",
    "manage.py",
]
TEST = {"DJANGO_MODE": "test", "DJANGO_SETTINGS_MODULE": "presence_project.settings"}
# Nothing is connected to; the values only have to be of the right kind.
PRODUCTION = {
    "DJANGO_MODE": "production",
    "SECRET_KEY": "not secret, but as long and as varied as a real one: 0123456789 abcdefghij",
    "ALLOWED_HOSTS": "presence.example",
    "DATABASE_URL": "postgres://presence@database.example/presence",
    "REDIS_URL": "redis://redis.example/0",
}
CHECKS: dict[str, tuple[list[str], dict[str, str]]] = {
    "format": ([f"{BIN}/ruff", "format", "--check", "--quiet", "."], {}),
    "lint": ([f"{BIN}/ruff", "check", "--quiet", "."], {}),
    "types": ([f"{BIN}/mypy"], TEST),
    "import contracts": ([f"{BIN}/lint-imports"], TEST),
    "rules tested": (
        [
            *(f"{BIN}/python", "-m", "pytest", "-q", "tests/domain"),
            *("--cov=presence.domain", "--cov-branch", "--cov-fail-under=100"),
        ],
        {},
    ),
    "migrations": ([*MANAGE, "makemigrations", "--check", "--dry-run"], TEST),
    "deployment": ([*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
}


def main() -> int:
    """Run all checks; the number of those that failed is the exit code."""
    failed = []
    for name, (command, variables) in CHECKS.items():
        started = time.monotonic()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        verdict = "FAILED" if done.returncode else "ok"
        print(f"{name:18} {verdict:7} {time.monotonic() - started:5.1f} s", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout, flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())

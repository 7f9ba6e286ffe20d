"""The requirements that people read and the locks that are installed say the same."""

from tests.architecture.source import ROOT


def test_no_two_requirements_disagree():
    runtime = locked("requirements.lock")
    dev = locked("requirements-dev.lock")
    assert runtime.items() <= dev.items()


def test_what_is_asked_for_is_what_is_locked():
    for name in ("requirements", "requirements-dev"):
        pins = locked(f"{name}.lock")
        for line in (ROOT / f"{name}.txt").read_text().splitlines():
            if "==" in line:
                package, version = line.split("==")
                assert pins[package.split("[")[0].lower()] == version


def locked(name: str) -> dict[str, str]:
    """Package and version of each entry of a lock."""
    entries = [line.split(" ;")[0] for line in (ROOT / name).read_text().splitlines()]
    entries = [line.rstrip(" \\") for line in entries if "==" in line and not line.startswith(" ")]
    return {line.split("==")[0]: line.split("==")[1] for line in entries}

"""The source files that the architecture tests read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "presence"
PARTS = (PACKAGE, ROOT / "presence_project")


def modules(*folders: Path) -> list[Path]:
    """Every Python file under the folders, migrations left out: Django writes those."""
    found = [path for folder in folders for path in folder.rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


def name_of(path: Path) -> str:
    """A file's path from the root, for test ids."""
    return str(path.relative_to(ROOT))

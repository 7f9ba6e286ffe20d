"""Where the environment and everything else that is local lies."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
LOCAL = ROOT / ".local"
TOOLS = LOCAL / "tools"

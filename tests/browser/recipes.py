"""Recipes: the code blocks of docs/javascript.md, and what they need to run: libraries, a bundler, a page."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.servers import ROOT

PAGE = ROOT / "docs" / "javascript.md"
# Installed where a test runs, never into this repository: no build step, no dependency.
LIBRARIES = ("react@19", "react-dom@19", "vue@3", "htmx.org@2", "esbuild@0.25")
ANA = '"1"'  # her id in the demo; the page says "42"


def recipes_of(title: str) -> list[str]:
    """The code blocks below the heading `title`, in order, about ana of the demo."""
    section = re.search(
        rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.DOTALL | re.MULTILINE
    )
    assert section, f"there is no heading {title} in {PAGE}"
    blocks = re.findall(r"^```\w+\n(.*?)^```", section[1], re.DOTALL | re.MULTILINE)
    return [block.replace('"42"', ANA) for block in blocks]


@dataclass
class Workshop:
    """A folder with the libraries, in which modules are bundled."""

    folder: Path

    @classmethod
    def furnished(cls, folder: Path) -> Workshop:
        """Install the libraries through npm.

        Raises:
            RuntimeError: npm could not.
        """
        command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), *LIBRARIES]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return cls(folder)

    def library(self, path: str) -> str:
        """The text of a library's file."""
        return (self.folder / "node_modules" / path).read_text()

    def bundle(self, source: str) -> str:
        """`source` (JSX, if it has any) with its libraries; what the site serves is left to the site."""
        done = subprocess.run(
            [
                "node_modules/.bin/esbuild",
                "--bundle",
                "--format=esm",
                "--loader=jsx",
                "--jsx=automatic",
                "--external:/static/*",
                '--define:process.env.NODE_ENV="production"',
                "--log-level=error",
            ],
            cwd=self.folder,
            input=source,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

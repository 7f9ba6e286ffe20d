"""README.md: its walk-through is run, and its links lead somewhere."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source import ROOT
from tests.docs.examples import Shell, examples_of

_LINK = re.compile(r"\]\(([^)#\s]+)(?:#([^)\s]+))?\)|(?:src|srcset)=\"([^\"]+)\"")
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.slow
def test_the_walk_through_prints_what_the_readme_says(serve):
    shell = Shell({"demo": serve(env={"PRESENCE_LEAVE_GRACE": "1"}).url})
    try:
        for example in examples_of(ROOT / "README.md"):
            shell.check(example)
    finally:
        shell.close()


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_within_the_documentation_leads_somewhere(page):
    for path, anchor, image in _LINK.findall(_CODE.sub("", page.read_text())):
        target = path or image
        if target.startswith("http"):
            continue
        found = (page.parent / target).resolve()
        assert found.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors_of(found.read_text()), f"{page.name}: {target}#{anchor}"


def test_every_claim_of_the_readme_names_a_test_that_is_there():
    named = re.findall(r"`(tests/[^`]+)`", (ROOT / "README.md").read_text())
    assert named
    assert [path for path in named if not (ROOT / path).is_file()] == []


def anchors_of(text: str) -> set[str]:
    """The anchors that a page's headings have."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.strip().replace(" ", "-") for heading in plain}

"""docs/operations.md: its tables are those of the code.

`python -m tests.docs.test_operations` writes the table of settings anew.
"""

from __future__ import annotations

import re

from tests.architecture.source import ROOT

PAGE = ROOT / "docs" / "operations.md"
_TABLE = re.compile(r"(<!-- settings: .*? -->\n)(.*?)(<!-- /settings -->)", re.DOTALL)
_READ = re.compile(r'env\.\w+\(\s*"([A-Z_]+)"')


def table() -> str:
    """The settings as the page shows them."""
    from presence.conf import described

    lines = ["| name | default | what |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {f'`{default}`' if default else 'none'} | {about.replace('|', '/')} |"
        for name, default, about in described()
    ]
    return "\n".join(lines) + "\n"


def test_the_settings_on_the_page_are_those_of_the_code():
    found = _TABLE.search(PAGE.read_text())
    assert found and found[2] == table(), "run python -m tests.docs.test_operations"


def test_every_figure_of_the_metrics_is_on_the_page():
    source = (ROOT / "presence" / "service" / "metrics.py").read_text()
    found = re.findall(r'"(presence_\w+)"', source)
    page = PAGE.read_text()
    assert found
    assert [name for name in found if f"`{name}" not in page] == []


def test_every_variable_that_the_host_reads_is_on_the_page():
    read = _READ.findall((ROOT / "presence_project" / "settings.py").read_text())
    page = PAGE.read_text()
    assert [name for name in read if f"`{name}`" not in page] == []


if __name__ == "__main__":
    import os

    import django

    os.environ |= {"DJANGO_SETTINGS_MODULE": "presence_project.settings", "DJANGO_MODE": "test"}
    django.setup()
    PAGE.write_text(_TABLE.sub(lambda found: found[1] + table() + found[3], PAGE.read_text()))

"""Report: the measured figures as a page and a picture.

Flow: claims -> .local/bench/results.json -> **report** -> docs/performance.md (its tables), docs/performance.svg
"""

import json
from typing import Any

from benchmarks import machine

RESULTS = machine.LOCAL / "results.json"
PAGE = machine.ROOT / "docs" / "performance.md"
PICTURE = machine.ROOT / "docs" / "performance.svg"
_OWN = "presence"
_SVG = "http://www.w3.org/2000/svg"


def keep(claim: str, rows: list[dict[str, Any]]) -> None:
    """Keep the rows of one claim; the others stay as they were measured."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    known[claim] = rows
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(known, indent=1))


def write() -> None:
    """Write every table that has rows between its marks in the page, and the picture."""
    known: dict[str, list[dict[str, Any]]] = json.loads(RESULTS.read_text())
    text = PAGE.read_text()
    for claim, rows in known.items():
        begin, end = f"<!-- {claim} -->\n", f"<!-- /{claim} -->"
        if begin in text:
            head, _, rest = text.partition(begin)
            text = f"{head}{begin}{_table(rows)}{end}{rest.partition(end)[2]}"
    begin, end = "<!-- machine -->\n", "<!-- /machine -->"
    head, _, rest = text.partition(begin)
    PAGE.write_text(f"{head}{begin}{machine.described()}.\n{end}{rest.partition(end)[2]}")
    if "fan-out" in known:
        PICTURE.write_text(_bars(known["fan-out"]))


def _table(rows: list[dict[str, Any]]) -> str:
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|---|" + "---:|" * (len(names) - 1)]
    lines += ["| " + " | ".join(str(row.get(name, "")) for name in names) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _bars(rows: list[dict[str, Any]]) -> str:
    """Draw the first figure of each row, on a logarithmic scale: the range is a hundredfold."""
    from math import log10

    column = list(rows[0])[1]
    values = [
        (row[next(iter(row))], float(row[column].split(" ")[0].replace(",", ""))) for row in rows
    ]
    values.sort(key=lambda each: each[1])
    most = log10(values[-1][1] * 10)
    height = 34 * len(values) + 40
    parts = [
        f'<svg xmlns="{_SVG}" viewBox="0 0 760 {height}" font-family="sans-serif" font-size="14">',
        f'<text x="10" y="22" font-weight="bold" fill="#888">{column}, logarithmic</text>',
    ]
    for place, (name, value) in enumerate(values):
        top = 36 + 34 * place
        width = max(4, 440 * log10(value * 10) / most)
        colour = "#2563eb" if name == _OWN else "#9ca3af"
        parts.append(f'<text x="220" y="{top + 17}" text-anchor="end" fill="#888">{name}</text>')
        parts.append(
            f'<rect x="230" y="{top}" width="{width:.0f}" height="24" rx="3" fill="{colour}"/>'
        )
        parts.append(f'<text x="{238 + width:.0f}" y="{top + 17}" fill="#888">{value:g}</text>')
    return "\n".join([*parts, "</svg>", ""])

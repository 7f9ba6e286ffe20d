"""Pictures: what the tables say, drawn. Light and dark pages both show them: no background, grey text.

Flow: tables -> **pictures** -> docs/performance.svg, docs/growth.svg.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log10

from benchmarks.asked import Rows, Tables

_OWN = "presence"
_BLUE, _GREY, _TEXT = "#2563eb", "#9ca3af", "#888"
_COLOURS = ("#2563eb", "#d97706", "#059669")
_SVG = "http://www.w3.org/2000/svg"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, and the tables that it is drawn from."""

    tables: tuple[str, ...]
    picture: Callable[[Tables], str]


def bars(tables: Tables) -> str:
    """Draw the first figure of each server of the fan-out, on a logarithmic scale: the range is a hundredfold."""
    rows = tables["fan-out"]
    column = list(rows[0])[1]
    values = [(name, value) for name, value in _values(rows, column) if value]
    values.sort(key=lambda each: each[1])
    most = log10(values[-1][1] * 10)
    height = 34 * len(values) + 40
    parts = [_begin(height), _text(10, 22, f"{column}, logarithmic", is_bold=True)]
    for place, (name, value) in enumerate(values):
        top = 36 + 34 * place
        width = max(4, 440 * log10(value * 10) / most)
        colour = _BLUE if name == _OWN else _GREY
        parts.append(_text(220, top + 17, name, anchor="end"))
        parts.append(
            f'<rect x="230" y="{top}" width="{width:.0f}" height="24" rx="3" fill="{colour}"/>'
        )
        parts.append(_text(238 + width, top + 17, f"{value:g}"))
    return "\n".join([*parts, "</svg>", ""])


def lines(tables: Tables) -> str:
    """Draw how the costs grow: each as a multiple of what it is at the smallest size."""
    panels = [
        ("streams", "growth-streams", (1, 2, 3)),
        ("live users", "growth-users", (1, 2, 4)),
    ]
    parts = [_begin(300)]
    for place, (what, name, columns) in enumerate(panels):
        parts += _panel(tables[name], what, columns, left=50 + 380 * place)
    return "\n".join([*parts, "</svg>", ""])


def _panel(rows: Rows, what: str, columns: tuple[int, ...], *, left: int) -> list[str]:
    """Draw one panel 300 wide: sizes to the right, multiples up to 4 upwards, both logarithmic."""
    names = list(rows[0])
    sizes = [log10(float(row[names[0]].replace(",", ""))) for row in rows]
    parts = [_text(left, 22, f"more {what}: times the cost at {rows[0][names[0]]}", is_bold=True)]
    for multiple in (0.5, 1, 2, 4):
        height = _height(multiple)
        parts.append(
            f'<line x1="{left}" x2="{left + 300}" y1="{height}" y2="{height}" stroke="{_GREY}"'
            f' stroke-width="{1 if multiple == 1 else 0.3}"/>'
        )
        parts.append(_text(left - 8, height + 4, f"{multiple:g}", anchor="end"))

    def across(size: float) -> float:
        return left + 300 * (size - sizes[0]) / max(1e-9, sizes[-1] - sizes[0])

    for row, size in zip(rows, sizes, strict=True):
        parts.append(_text(across(size), 232, row[names[0]], anchor="middle"))
    for place, (column, colour) in enumerate(zip(columns, _COLOURS, strict=True)):
        values = [value for _, value in _values(rows, names[column])]
        points = " ".join(
            f"{across(size):.0f},{_height(value / values[0]):.0f}"
            for size, value in zip(sizes, values, strict=True)
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        parts.append(_text(left, 252 + 17 * place, names[column], colour=colour))
    return parts


def _height(multiple: float) -> float:
    """Return where a multiple lies: a half at 210, four at 50."""
    return 210 - 160 * (log10(max(0.4, min(5.0, multiple))) - log10(0.5)) / log10(8)


def _values(rows: Rows, column: str) -> list[tuple[str, float]]:
    """Return the name of each row and the median in `column`, 0 where there is none."""
    return [
        (next(iter(row.values())), float((row.get(column) or "0").split(" ")[0].replace(",", "")))
        for row in rows
    ]


def _begin(height: int) -> str:
    return (
        f'<svg xmlns="{_SVG}" viewBox="0 0 760 {height}" font-family="sans-serif" font-size="14">'
    )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    colour: str = _TEXT,
    is_bold: bool = False,
) -> str:
    weight = ' font-weight="bold"' if is_bold else ""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}"{weight}>{text}</text>'


DRAWN = {
    "performance.svg": Drawn(("fan-out",), bars),
    "growth.svg": Drawn(("growth-streams", "growth-users"), lines),
}

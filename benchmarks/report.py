"""Report: the measured figures on the page, each table in its place, and their pictures.

Flow: claims -> **report** -> docs/performance.md, docs/capacity.md (only what was measured), pictures.
"""

from benchmarks import machine, pictures
from benchmarks.asked import Rows, Tables

DOCS = machine.ROOT / "docs"
PAGES = (DOCS / "performance.md", DOCS / "capacity.md")


def write(tables: Tables) -> None:
    """Write each table between its marks on its page, and the pictures that are drawn from it.

    Raises:
        ValueError: no page has a place for one of them.
    """
    for name, rows in tables.items():
        _place(name, _table(rows))
    _place("machine", f"{machine.described()}.\n")
    for name, draw in pictures.DRAWN.items():
        if all(each in tables for each in draw.tables):
            (DOCS / name).write_text(draw.picture(tables))


def printed(tables: Tables) -> str:
    """Return the tables as they are on the page."""
    return "\n".join(_table(rows) for rows in tables.values())


def _place(name: str, content: str) -> None:
    """Write `content` between the marks of `name`, on the page that has them."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    for page in PAGES:
        head, found, rest = page.read_text().partition(begin)
        if found:
            page.write_text(f"{head}{begin}{content}{end}{rest.partition(end)[2]}")
            return
    raise ValueError(f"no page has a place for {name}")


def _table(rows: Rows) -> str:
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|---|" + "---:|" * (len(names) - 1)]
    lines += ["| " + " | ".join(row.get(name, "") for name in names) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def found(table: str, row: str, column: int) -> float:
    """Return the figure on a page: of `table`, in the row that begins with `row`.

    Raises:
        ValueError: it is not there.
    """
    for page in PAGES:
        _, is_there, rest = page.read_text().partition(f"<!-- {table} -->\n")
        if is_there:
            lines = rest.partition(f"<!-- /{table} -->")[0].splitlines()[2:]
            for line in lines:
                cells = [cell.strip() for cell in line.strip("|").split("|")]
                if cells[0].startswith(row):
                    return float(cells[column].split(" ")[0].replace(",", ""))
    raise ValueError(f"no page has a figure of {table}, {row}, {column}")

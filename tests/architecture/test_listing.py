"""The listing is the architecture: what a file is called and what its first line says."""

import ast
import statistics

import pytest

from tests.architecture.source import PARTS, modules, name_of

EVERY_MODULE = modules(*PARTS)
MEANINGLESS = {"util", "utils", "helper", "helpers", "common", "base", "misc", "stuff", "tools"}
LONGEST = 350  # above 300, ask whether a file is two things; above this, it is


@pytest.mark.parametrize("path", EVERY_MODULE, ids=name_of)
def test_a_file_is_named_by_what_it_holds(path):
    assert path.stem not in MEANINGLESS
    assert path.parent.name not in MEANINGLESS


@pytest.mark.parametrize("path", EVERY_MODULE, ids=name_of)
def test_the_first_line_says_what_the_file_is(path):
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    first = docstring.split("\n", 1)[0]
    assert first, "every file begins with a docstring"
    assert first[0].isupper() or first[0] in "`0123456789", "a sentence"
    assert not first.startswith(("This module", "This file", "Module")), "it says what, not that"


@pytest.mark.parametrize("path", EVERY_MODULE, ids=name_of)
def test_a_file_is_one_thing(path):
    assert len(path.read_text().splitlines()) <= LONGEST


def test_most_files_are_short():
    lengths = [len(path.read_text().splitlines()) for path in EVERY_MODULE]
    assert statistics.median(lengths) <= 120

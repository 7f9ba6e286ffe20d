"""Cursors come back as they went out, and nothing else is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence.domain.cursor import Cursor, parse_cursor
from presence.domain.instant import LATEST

epochs = st.integers(0, 2**60).map("{:x}".format)


@given(epochs, st.integers(0, LATEST))
def test_a_cursor_survives_its_travel(epoch, at):
    cursor = Cursor(epoch, at)
    assert parse_cursor(str(cursor)) == cursor


@given(st.text(max_size=30))
def test_no_text_does_worse_than_being_refused(text):
    try:
        cursor = parse_cursor(text)
    except ValueError:
        return
    assert parse_cursor(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "e.",
        ".1",
        "e.-1",
        "e.1.2",
        "E.1",
        "e.1\n",
        " e.1",
        "e.٣",
        f"e.{LATEST + 1}",
        "x" * 33 + ".1",
    ],
)
def test_near_misses_are_refused(text):
    with pytest.raises(ValueError, match="a cursor is"):
        parse_cursor(text)

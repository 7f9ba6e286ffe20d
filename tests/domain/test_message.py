"""The text beside the dot: what it may hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence.domain.message import MAX_EMOJI_LENGTH, MAX_TEXT_LENGTH, Message, check_text

FAMILY = "👩🏽‍👩🏿‍👧🏻‍👦🏾"


@pytest.mark.parametrize(
    "text",
    ["in a meeting", "Größe ½", "自宅", "مشغول", FAMILY, "🇩🇪", "नमस्ते", "x" * MAX_TEXT_LENGTH],
)
def test_text_of_every_script_passes_as_it_is(text):
    assert check_text(text) == text


def test_an_emoji_family_fits():
    assert check_text(FAMILY, MAX_EMOJI_LENGTH) == FAMILY


def test_blanks_around_are_trimmed_before_the_length_counts():
    assert check_text("  lunch \n") == "lunch"
    assert check_text(" " * 500) == ""


def test_what_is_too_long_says_how_long_it_is():
    with pytest.raises(ValueError, match="at most 140 characters, not 141"):
        check_text("x" * 141)


@pytest.mark.parametrize(
    "bad",
    ["\x00", "\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\ud800"],
)
def test_controls_breaks_and_direction_overrides_are_refused(bad):
    with pytest.raises(ValueError, match="no control characters"):
        check_text(f"a{bad}b")


@given(st.text(max_size=200))
def test_what_passes_passes_again_unchanged(text):
    try:
        checked = check_text(text)
    except ValueError:
        return
    assert check_text(checked) == checked
    assert len(checked) <= MAX_TEXT_LENGTH
    checked.encode()  # no half of a surrogate pair is in it


def test_a_message_is_over_at_its_end_and_without_one_never():
    assert not Message(text="a", until=5).is_over(4)
    assert Message(text="a", until=5).is_over(5)
    assert not Message(text="a").is_over(10**15)

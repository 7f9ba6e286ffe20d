"""Ids: what can name somebody, and to which shard they belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence.domain.ids import (
    MAX_ROOM_LENGTH,
    MAX_SESSION_LENGTH,
    MAX_USER_LENGTH,
    check_room,
    check_session,
    check_user,
    shard_of,
)

CHECKS = [
    (check_user, MAX_USER_LENGTH),
    (check_session, MAX_SESSION_LENGTH),
    (check_room, MAX_ROOM_LENGTH),
]
PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != ",")

each_kind = pytest.mark.parametrize(("check", "longest"), CHECKS)


@each_kind
@given(data=st.data())
def test_printable_ascii_without_blank_and_comma_is_an_id(check, longest, data):
    text = data.draw(st.text(PRINTABLE, min_size=1, max_size=longest))
    assert check(text) == text


@each_kind
@given(text=st.text(max_size=40).filter(lambda text: set(text) - set(PRINTABLE)))
def test_anything_else_is_none(check, longest, text):
    with pytest.raises(ValueError, match=f"1 to {longest} printable ASCII"):
        check(text)


@each_kind
@pytest.mark.parametrize(
    "text", ["", "a b", "a,b", "a\x1fb", "a\n", "\x00", "ä", "\u0430", "x" * 129]
)
def test_separators_controls_and_look_alikes_are_refused(check, longest, text):
    with pytest.raises(ValueError, match="printable ASCII"):
        check(text)


@each_kind
def test_the_longest_id_is_as_long_as_said(check, longest):
    assert check("x" * longest)
    with pytest.raises(ValueError, match=str(longest)):
        check("x" * (longest + 1))


def test_a_user_stays_in_the_same_shard_for_ever():
    """Stored data depends on these very numbers."""
    assert [shard_of(user, 64) for user in ("1", "42", "ana", "auth0|abc")] == [55, 8, 34, 0]


@given(st.text(PRINTABLE, min_size=1), st.integers(1, 1024))
def test_every_user_has_a_shard_of_those_there_are(user, shards):
    assert 0 <= shard_of(user, shards) < shards

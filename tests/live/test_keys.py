"""Ids are stored short where they can be, and come back as they were."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence.domain.ids import MAX_SESSION_LENGTH
from presence.live.keys import LAYOUT, Keys, packed, unpacked

HEX = "0123456789abcdefABCDEF- "


@given(st.uuids())
def test_a_uuid_takes_23_characters(made):
    assert len(packed(str(made))) == 23
    assert unpacked(packed(str(made))) == str(made)


@given(
    st.text(min_size=1, max_size=MAX_SESSION_LENGTH)
    | st.text(HEX, min_size=36, max_size=36)
    | st.uuids().map(lambda made: str(made).upper())
)
def test_every_other_id_stays_what_it_is(session):
    if not session.startswith("\x1e"):  # control characters are refused before
        assert unpacked(packed(session)) == session


@pytest.mark.parametrize(
    "session",
    [
        "3F0C2A9E-5B1D-4C7A-9E51-7D0C8A6B2F14",
        "3f0c2a9e-5b1d-4c7a-9e51-7d0c8a6b2f1 ",
        "3f0c2a9e-5b1d-4c7a-9e51-7d0c-a6b2f14",
        "3f0c2a9e5-b1d-4c7a-9e51-7d0c8a6b2f14",
        "z" * 36,
    ],
)
def test_what_only_looks_like_a_uuid_is_not_packed(session):
    assert packed(session) == session


def test_two_ids_never_become_one():
    lower = str(uuid.UUID(int=255))
    assert packed(lower) != packed(lower.upper())


def test_every_key_says_of_which_layout_it_is():
    keys = Keys.of("site", 4)
    names = [
        keys.epoch,
        keys.rules_log,
        keys.record("ana"),
        keys.leases(1),
        keys.meta(1),
        keys.log(1),
    ]
    assert all(name.startswith(f"site:{LAYOUT}:") for name in names)

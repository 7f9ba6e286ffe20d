"""Frames are what an SSE parser that is not ours reads out of them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from presence.domain.cursor import Cursor
from presence.domain.visibility import Lens
from presence.fanout.frames import (
    KEEPALIVE,
    PING,
    chunked,
    cursor_frame,
    event_frame,
    presence_frame,
    retry_frame,
)
from presence.fanout.wire import encode, wire_record
from tests.domain.strategies import faces
from tests.fanout.wires import Client, Wire

CURSOR = Cursor("abc", 123)


def read(body):
    wire, client = Wire(), Client()
    wire.write(body)
    return client.read(wire), client


@given(st.lists(faces(), max_size=4), st.text(max_size=30))
def test_every_text_that_a_record_can_hold_arrives(shown, text):
    records = [
        wire_record(user=f"u{number}", face=face, version=number, lens=Lens.EXACT)
        for number, face in enumerate(shown)
    ]
    events, client = read(presence_frame(CURSOR, map(encode, records)))
    assert events == [("presence", {"users": [json.loads(encode(each)) for each in records]})]
    assert client.cursor == "abc.123"
    events, _ = read(event_frame("goodbye", {"reason": text}))
    assert events == [("goodbye", {"reason": text})]


def test_a_line_break_in_a_text_does_not_end_the_event():
    events, _ = read(event_frame("x", {"text": "a\n\nevent: y\r\ndata: {}\u2028"}))
    assert events == [("x", {"text": "a\n\nevent: y\r\ndata: {}\u2028"})]


def test_comments_and_cursors_are_no_events_and_a_cursor_moves():
    events, client = read(KEEPALIVE + cursor_frame(CURSOR) + PING)
    assert events == [("ping", {})]
    assert client.cursor == "abc.123"


def test_the_retry_is_a_frame_of_its_own():
    assert retry_frame(3000) == b"retry: 3000\n\n"


@given(st.binary(min_size=1, max_size=5_000))
def test_a_chunk_says_its_length_in_hexadecimal(body):
    size, _, rest = chunked(body).partition(b"\r\n")
    assert (int(size, 16), rest) == (len(body), body + b"\r\n")

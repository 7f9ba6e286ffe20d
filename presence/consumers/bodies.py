"""Bodies: the JSON of heartbeats and leaves, decoded and checked in one step.

Flow: request body -> **bodies** -> consumer.
"""

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from presence.consumers.exchange import ProblemError, refuse
from presence.domain.cursor import Cursor, parse_cursor
from presence.domain.ids import check_room, check_session
from presence.domain.status import Activity, Device


class HeartbeatBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a heartbeat says."""

    session: str
    activity: Activity = Activity.ACTIVE
    device: Device | msgspec.UnsetType = msgspec.UNSET  # null is not a way to leave it out
    rooms: tuple[str, ...] = ()
    since: str | None = None

    @property
    def said_device(self) -> Device | None:
        """Return the device, None if nothing is said of it."""
        return None if self.device is msgspec.UNSET else self.device


class LeaveBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a leave says; `token` is for sendBeacon, which can send no header."""

    session: str
    final: bool = False
    token: str | None = None


Body = TypeVar("Body", HeartbeatBody, LeaveBody)

_heartbeat = msgspec.json.Decoder(HeartbeatBody)
_leave = msgspec.json.Decoder(LeaveBody)

_WORDS = {
    "activity": "one of " + ", ".join(Activity),
    "device": "one of " + ", ".join(Device),
    "session": "a string",
    "rooms": "a list of strings",
    "since": "a cursor, as a string",
    "final": "true or false",
    "token": "a string",
}
_PATH = re.compile(r"`\$\.(\w+)")
_NAMED = re.compile(r"(missing required|unknown) field `(\w+)`")


def heartbeat_of(body: bytes, max_rooms: int) -> HeartbeatBody:
    """Return the heartbeat that `body` is.

    Raises:
        ProblemError: 400, with the field at fault and what is allowed.
    """
    beat = _decode(_heartbeat, body)
    _check(check_session, beat.session, "session")
    if beat.rooms:
        if len(beat.rooms) > max_rooms:
            raise refuse(400, f"at most {max_rooms} rooms, not {len(beat.rooms)}", "rooms")
        for room in beat.rooms:
            _check(check_room, room, "rooms")
    return beat


def leave_of(body: bytes) -> LeaveBody:
    """Return the leave that `body` is.

    Raises:
        ProblemError: 400, with the field at fault and what is allowed.
    """
    leave = _decode(_leave, body)
    _check(check_session, leave.session, "session")
    return leave


def cursor_of(text: str, field: str) -> Cursor:
    """Return the cursor that `text` is.

    Raises:
        ProblemError: 400, it is none.
    """
    try:
        return parse_cursor(text)
    except ValueError as error:
        raise refuse(400, str(error), field) from None


def _decode(decoder: "msgspec.json.Decoder[Body]", body: bytes) -> Body:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise refuse(400, "the body must be one JSON object") from None


def _explained(message: str) -> ProblemError:
    named = _NAMED.search(message)
    if named is not None:
        field = named[2]
        what = "is missing" if named[1].startswith("missing") else "is not known here"
        return refuse(400, f"{field} {what}", field)
    path = _PATH.search(message)
    if path is None:
        return refuse(400, "the body must be one JSON object")
    return refuse(400, f"{path[1]} must be {_WORDS[path[1]]}", path[1])


def _check(check: Callable[[str], str], text: str, field: str) -> None:
    try:
        check(text)
    except ValueError as error:
        raise refuse(400, str(error), field) from None

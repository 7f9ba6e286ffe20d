"""Stream query: what a stream asks for, read out of its URL and checked.

Flow: `?users=…&session=…`, `Last-Event-ID` -> **stream query** -> stream.
"""

import sys
from collections.abc import Callable

from presence.consumers.bodies import cursor_of
from presence.consumers.exchange import Exchange, refuse
from presence.domain.ids import check_room, check_session, check_user
from presence.domain.status import Device
from presence.service.watching import Request

_KNOWN = frozenset(
    {"users", "contacts", "rooms", "session", "device", "cursor", "token", "ticket", "ping"}
)

_DEVICES = frozenset(each.value for each in Device)


def request_of(
    exchange: Exchange, query: dict[str, str], viewer: str, max_watched: int, max_rooms: int
) -> Request:
    """Return what the stream of `viewer` asks for.

    Raises:
        ProblemError: 400, with the parameter at fault.
    """
    unknown = sorted(set(query) - _KNOWN)
    if unknown:
        raise refuse(400, f"{unknown[0]} is not known here", unknown[0])
    # Interned: thousands of streams watch the same people, and every copy of an id takes 55 bytes.
    named = filter(None, query.get("users", "").split(","))
    users = tuple(map(sys.intern, dict.fromkeys(named)))
    if len(users) > max_watched:
        raise refuse(400, f"at most {max_watched} users, not {len(users)}", "users")
    for user in users:
        _checked(check_user, user, "users")
    rooms = tuple(dict.fromkeys(filter(None, query.get("rooms", "").split(","))))
    if len(rooms) > max_rooms:
        raise refuse(400, f"at most {max_rooms} rooms, not {len(rooms)}", "rooms")
    for room in rooms:
        _checked(check_room, room, "rooms")
    session = query.get("session")
    if session is not None:
        _checked(check_session, session, "session")
    device = query.get("device", Device.WEB.value)
    if device not in _DEVICES:
        raise refuse(400, "device must be one of " + ", ".join(Device), "device")
    given = exchange.headers.get(b"last-event-id", b"").decode("latin-1")
    given = given or query.get("cursor", "")
    return Request(
        viewer=viewer,
        users=users,
        contacts=_flag(query, "contacts"),
        rooms=rooms,
        session=session,
        device=Device(device),
        cursor=cursor_of(given, "cursor") if given else None,
        pings=_flag(query, "ping"),
    )


def _flag(query: dict[str, str], name: str) -> bool:
    value = query.get(name, "0")
    if value not in ("0", "1"):
        raise refuse(400, f"{name} must be 0 or 1", name)
    return value == "1"


def _checked(check: Callable[[str], str], text: str, field: str) -> None:
    try:
        check(text)
    except ValueError as error:
        raise refuse(400, str(error), field) from None

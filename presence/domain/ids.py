"""Ids: how users, sessions and rooms are named, and which shard a user belongs to.

Flow: surface -> **ids** (refuse what is malformed) -> service.

An id is 1 to 64 printable ASCII characters without blanks (users to 128, for the `sub` of a JWT).
That keeps ids out of trouble in Redis keys, log lines and headers: no control characters, no
look-alikes, no separators of ours (`,` splits lists in URLs, 0x1F splits lease members).
"""

import re
from zlib import crc32

MAX_USER_LENGTH = 128
MAX_SESSION_LENGTH = 64
MAX_ROOM_LENGTH = 64

_ID = re.compile(r"[!-+\--~]+", re.ASCII)  # printable ASCII without blank and comma


def check_user(text: str) -> str:
    """Return `text` if it can name a user; raises ValueError saying what is allowed."""
    return _check(text, "a user id", MAX_USER_LENGTH)


def check_session(text: str) -> str:
    """Return `text` if it can name a session; raises ValueError saying what is allowed."""
    return _check(text, "a session id", MAX_SESSION_LENGTH)


def check_room(text: str) -> str:
    """Return `text` if it can name a room; raises ValueError saying what is allowed."""
    return _check(text, "a room id", MAX_ROOM_LENGTH)


def shard_of(user: str, shards: int) -> int:
    """Return the shard of `user`, 0 <= shard < `shards`. The same in every process and for ever."""
    return crc32(user.encode()) % shards


def _check(text: str, what: str, longest: int) -> str:
    if not text or len(text) > longest or _ID.fullmatch(text) is None:
        raise ValueError(
            f"{what} is 1 to {longest} printable ASCII characters without blanks and commas"
        )
    return text

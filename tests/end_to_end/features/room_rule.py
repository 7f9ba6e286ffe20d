"""A site's rule of who may enter and watch rooms, as `PRESENCE_ROOM_ACCESS` names it."""


def may(user: str, room: str, action: str) -> bool:
    """`own-<user>` is one person's alone; of `stage-<user>` that person sees who is in; all others are open."""
    kind, _, owner = room.partition("-")
    if kind == "own":
        return user == owner
    if kind == "stage":
        return action == "enter" or user == owner
    return True

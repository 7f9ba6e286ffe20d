"""Rooms: who is where.

Flow: commit.lua keeps it with the records -> **rooms** -> service.rooms.

A room's members are spread over the shards of their users, each beside the record that says so: entering
and leaving is part of the same commit, so nobody stays in a room who is gone. Invisible users are in none.
"""

from dataclasses import dataclass

from presence.live.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """How many users are in a room, and their ids: all of them, or the first ones found."""

    count: int
    users: tuple[str, ...]


class Rooms:
    """All rooms of the live store."""

    def __init__(self, connection: Connection) -> None:
        """Work over `connection`."""
        self._connection = connection

    async def occupancy(self, room: str, *, most: int) -> Occupancy:
        """Return who is in `room`, at most `most` of them by id.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        keys = self._connection.keys
        count, users = 0, list[str]()
        for shards in self._connection.groups(range(keys.shards)):
            names = [keys.rooms(shard) for shard in shards]
            here, found = await self._connection.run("occupancy", names, [room, most - len(users)])
            count += here
            users.extend(user.decode() for user in found)
        return Occupancy(count=count, users=tuple(users))

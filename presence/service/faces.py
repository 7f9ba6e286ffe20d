"""Faces: what others see of users, from the live store, else from history.

Flow: roster, watching -> **faces** -> records.sightings; who is not there -> LastSeen.
"""

from collections.abc import Sequence
from dataclasses import replace

from presence.domain.face import UNSEEN
from presence.domain.instant import Instant
from presence.history.queries import last_seen_of
from presence.live.codec import Stamp
from presence.live.connection import LiveUnavailableError
from presence.live.records import Records, Sighting
from presence.service.database import in_database
from presence.service.errors import Unavailable
from presence.service.reachable import pushable_among


class Faces:
    """Reads faces."""

    def __init__(self, records: Records) -> None:
        """Read from `records`, and from Postgres whom they do not know."""
        self._records = records

    async def of(self, users: Sequence[str]) -> dict[str, Sighting]:
        """Return what others see of each of `users`; who was never here is shown as offline.

        Raises:
            Unavailable: a store did not answer.
        """
        try:
            found = await self._records.sightings(users)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        missing = [user for user in users if user not in found]
        if missing:
            found |= await _stored(missing)
        return found

    async def rules_at(self, users: Sequence[str]) -> dict[str, Instant]:
        """Return when who may see each of `users` last changed, 0 if the store knows of no change.

        Raises:
            Unavailable: the live store did not answer.
        """
        try:
            return await self._records.rules_at(users)
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error


async def _stored(users: Sequence[str]) -> dict[str, Sighting]:
    return await in_database(_read, users)


def _read(users: Sequence[str]) -> dict[str, Sighting]:
    stored, pushable = last_seen_of(users), pushable_among(users)
    found = {}
    for user in users:
        face = stored[user].face if user in stored else UNSEEN
        found[user] = Sighting(face=replace(face, is_pushable=user in pushable), stamp=Stamp())
    return found

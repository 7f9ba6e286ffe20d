"""Homes: what Postgres knows of a user whom the live store does not.

Flow: a user appears -> **homes** -> Standing, LastSeen -> first record.

Redis forgets who was long away and loses everything with its disk; what the user chose, and when they
were last seen, must not begin anew then. Without an answer from Postgres nobody is made up: showing an
invisible user as online cannot be taken back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from presence.domain.face import UNSEEN, Face
from presence.domain.message import Message
from presence.domain.record import AUTOMATIC, Choice, Record
from presence.history.queries import last_seen_of
from presence.models import Standing
from presence.service.database import in_database
from presence.service.gathering import Gathering
from presence.service.reachable import pushable_among


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What was chosen, and what others were last shown."""

    choice: Choice = AUTOMATIC
    message: Message | None = None
    face: Face = UNSEEN
    is_pushable: bool = False

    def settle(self, record: Record) -> Record:
        """Return `record`, which is new, with what was known before."""
        return replace(
            record,
            choice=self.choice,
            message=self.message,
            face=replace(self.face, is_pushable=self.is_pushable),
            is_pushable=self.is_pushable,
        )


class Homes:
    """Reads homes, many at once."""

    def __init__(self) -> None:
        """Remember nothing: the live store is the cache."""
        self._gathering = Gathering(_load, most=500)

    async def of(self, user: str) -> Home:
        """Return the home of `user`, an empty one for somebody new.

        Raises:
            Unavailable: Postgres did not answer.
        """
        return await self._gathering.get(user)


async def _load(users: Sequence[str]) -> dict[str, Home]:
    return await in_database(_read, users)


def _read(users: Sequence[str]) -> dict[str, Home]:
    standings = {each.user: each for each in Standing.objects.filter(user__in=users)}
    faces = last_seen_of(users, from_primary=True)
    pushable = pushable_among(users)
    return {
        user: _home(
            standings.get(user),
            faces[user].face if user in faces else UNSEEN,
            is_pushable=user in pushable,
        )
        for user in users
    }


def _home(standing: Standing | None, face: Face, *, is_pushable: bool) -> Home:
    if standing is None:
        return Home(face=face, is_pushable=is_pushable)
    return Home(
        choice=standing.choice(),
        message=standing.message(),
        face=face,
        is_pushable=is_pushable,
    )

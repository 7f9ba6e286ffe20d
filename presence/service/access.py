"""Access: through which lens one user sees another.

Flow: stream, poll, API -> **access** -> relations in Postgres -> sight -> lenses.

A process remembers what it found for a while (`roster_cache`), and forgets it at once when a rule between
the users concerned changes anywhere (the bus says so).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

from presence.domain.visibility import Lens, Privacy, Sight, by_user
from presence.service.database import in_database
from presence.service.gathering import Gathering
from presence.service.relations import bonds_among, contact_lists, people_of
from presence.service.sight import sight_of

_TOGETHER = 200  # viewers judged at once; with 200 contacts each Postgres takes about 200 ms
_REMEMBERED = 10_000  # answers; the oldest goes first. With 200 users each about 20 MB at most
_KNOWN = 100_000  # users; then all are forgotten. About 20 MB

Lenses = Mapping[str, Lens]
_Question = tuple[str, tuple[str, ...], bool]
_UNREAD: Any = object()


class Access:
    """Decides who sees whom. One for each event loop."""

    def __init__(self, *, trust: timedelta, is_reciprocal: bool) -> None:
        """Remember answers for `trust`; `is_reciprocal`: who hides their last-seen sees none."""
        self._trust = trust.total_seconds()
        self._is_reciprocal = is_reciprocal
        self._known: dict[_Question, Sight] = {}
        # Those who come back after a deployment watch the same people: who exists is read once for all.
        self._people: dict[str, Privacy | None] = {}
        self._trusted_until = 0.0
        self._forgotten = 0
        # Thousands of streams open after a deploy: their viewers are judged together, by the same queries.
        self._judging = Gathering(self._judged, most=_TOGETHER)

    async def lenses(
        self, *, viewer: str, users: Sequence[str] = (), contacts: bool = False
    ) -> Lenses:
        """Return the lens for each of `users`, or of one's contacts and oneself, whom one may see.

        Who is missing does not exist or may not be seen.

        Raises:
            Unavailable: Postgres did not answer.
        """
        judged = await self.judged(viewer=viewer, users=users, contacts=contacts)
        return {user: lens for user, lens in judged.items() if lens is not Lens.NOTHING}

    async def judged(
        self, *, viewer: str, users: Sequence[str] = (), contacts: bool = False
    ) -> Lenses:
        """Return the lens for each of them who exists, `NOTHING` for who may not be seen.

        For decisions alone: a viewer must not learn who is in it.

        Raises:
            Unavailable: Postgres did not answer.
        """
        return by_user(await self.sight(viewer=viewer, users=users, contacts=contacts))

    async def sight(
        self, *, viewer: str, users: Sequence[str] = (), contacts: bool = False
    ) -> Sight:
        """Return what `judged` does, by lens.

        Raises:
            Unavailable: Postgres did not answer.
        """
        question = (viewer, tuple(users), contacts)
        self._forget_what_is_old()
        known = self._known.get(question)
        if known is not None:
            return known
        forgotten = self._forgotten
        sight = await self._judging.get(question)
        if not self._trust or forgotten != self._forgotten:
            return sight  # something was forgotten meanwhile: right for now, not for later
        if len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[question] = sight
        return sight

    def forget(self, users: Sequence[str]) -> None:
        """Forget every answer that concerns one of `users`: a rule changed."""
        self._forgotten += 1
        changed = set(users)
        for user in changed:
            self._people.pop(user, None)
        stale = [
            question
            for question, sight in self._known.items()
            if question[0] in changed
            or not changed.isdisjoint(question[1])
            or any(not changed.isdisjoint(seen) for seen in sight.values())
        ]
        for question in stale:
            del self._known[question]

    def _forget_what_is_old(self) -> None:
        """Forget all together, so that nothing that follows from something remembered outlives it."""
        now = monotonic()
        if now >= self._trusted_until:
            self._forgotten += 1
            self._known, self._people = {}, {}
            self._trusted_until = now + self._trust

    async def _judged(self, questions: Sequence[_Question]) -> dict[_Question, Sight]:
        forgotten = self._forgotten
        judged, read = await in_database(self._judge, questions, self._people)
        if forgotten == self._forgotten and self._trust:
            if len(self._people) + len(read) > _KNOWN:
                self._people = {}
            self._people.update(read)
        return judged

    def _judge(
        self, questions: Sequence[_Question], known: Mapping[str, Privacy | None]
    ) -> tuple[dict[_Question, Sight], dict[str, Privacy | None]]:
        """Return the answers, and the people who had to be read for them."""
        listed = contact_lists({viewer for viewer, _, contacts in questions if contacts})
        named: dict[str, set[str]] = {}
        for viewer, users, _ in questions:
            named.setdefault(viewer, set()).update(users)
        people: dict[str, Privacy | None] = {}
        unread = set()
        for user in set(named).union(
            *named.values(), *(contacts.users for contacts in listed.values())
        ):
            privacy = known.get(user, _UNREAD)
            if privacy is _UNREAD:
                unread.add(user)
            else:
                people[user] = privacy
        read = people_of(unread)
        people |= read
        bonds = bonds_among(named)
        answers = {
            question: sight_of(
                question[0],
                named=question[1],
                contacts=listed[question[0]] if question[2] else None,
                bonds=bonds[question[0]],
                people=people,
                is_reciprocal=self._is_reciprocal,
            )
            for question in questions
        }
        return answers, read

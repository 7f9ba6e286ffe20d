"""Access: through which lens one user sees another.

Flow: stream, poll, API -> **access** -> relations in Postgres -> domain.visibility -> lenses.

A process remembers what it found for a while (`roster_cache`), and forgets it at once when a rule between
the users concerned changes anywhere (the bus says so).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from time import monotonic

from presence.domain.visibility import Lens, Privacy, by_lens, by_user, lens_for
from presence.service.database import in_database
from presence.service.gathering import Gathering
from presence.service.relations import (
    People,
    Relations,
    contacts_listed_by_each,
    people_of,
    relations_among,
)

_TOGETHER = 200  # viewers judged at once; with 200 targets each the queries stay under 100 ms
_REMEMBERED = 10_000  # answers; the oldest goes first. With 200 users each about 20 MB at most
_KNOWN = 100_000  # users; then all are forgotten. About 20 MB

Lenses = Mapping[str, Lens]
_Question = tuple[str, tuple[str, ...], bool]


class Access:
    """Decides who sees whom. One for each event loop."""

    def __init__(self, *, trust: timedelta, is_reciprocal: bool) -> None:
        """Remember answers for `trust`; `is_reciprocal`: who hides their last-seen sees none."""
        self._trust = trust.total_seconds()
        self._is_reciprocal = is_reciprocal
        self._known: dict[_Question, tuple[float, Mapping[Lens, tuple[str, ...]]]] = {}
        # Those who come back after a deployment watch the same people: who exists is read once for all.
        self._people: dict[str, tuple[float, Privacy | None]] = {}
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
        question = (viewer, tuple(users), contacts)
        now = monotonic()
        known = self._known.get(question)
        if known is not None and known[0] > now:
            return by_user(known[1])
        forgotten = self._forgotten
        lenses = await self._judging.get(question)
        if not self._trust or forgotten != self._forgotten:
            return lenses  # a rule changed meanwhile: right for now, not for later
        while self._known:
            oldest = next(iter(self._known))
            if len(self._known) < _REMEMBERED and self._known[oldest][0] > now:
                break
            del self._known[oldest]
        self._known[question] = (now + self._trust, by_lens(lenses))
        return lenses

    def forget(self, users: Sequence[str]) -> None:
        """Forget every answer that concerns one of `users`: a rule changed."""
        self._forgotten += 1
        changed = set(users)
        for user in changed:
            self._people.pop(user, None)
        stale = [
            question
            for question, (_, judged) in self._known.items()
            if question[0] in changed
            or not changed.isdisjoint(question[1])
            or any(not changed.isdisjoint(seen) for seen in judged.values())
        ]
        for question in stale:
            del self._known[question]

    async def _judged(self, questions: Sequence[_Question]) -> dict[_Question, Lenses]:
        forgotten, now = self._forgotten, monotonic()
        judged, people = await in_database(self._judge, questions, now)
        if forgotten == self._forgotten and self._trust:
            if len(self._people) + len(people) > _KNOWN:
                self._people.clear()
            until = now + self._trust
            self._people.update((user, (until, people[user])) for user in people)
        return judged

    def _judge(
        self, questions: Sequence[_Question], now: float
    ) -> tuple[dict[_Question, Lenses], People]:
        """Return the answers, and the people who had to be read for them."""
        listed = contacts_listed_by_each({viewer for viewer, _, contacts in questions if contacts})
        wanted: list[dict[str, None]] = []
        targets: dict[str, dict[str, None]] = {}
        for viewer, users, contacts in questions:
            named = dict.fromkeys(users)
            if contacts:
                named[viewer] = None  # all devices of a person agree on what the person chose
                named.update(dict.fromkeys(listed[viewer]))
            wanted.append(named)
            targets.setdefault(viewer, {}).update(named)
        known: dict[str, Privacy | None] = {}
        unread: set[str] = set()
        for user in {*targets, *chain.from_iterable(targets.values())}:
            until, privacy = self._people.get(user, (0.0, None))
            if until > now:
                known[user] = privacy
            else:
                unread.add(user)
        read = people_of(unread)
        relations = relations_among(targets, known | read, is_reciprocal=self._is_reciprocal)
        answers = {
            question: self._lenses(named, relations[question[0]])
            for question, named in zip(questions, wanted, strict=True)
        }
        return answers, read

    def _lenses(self, wanted: Iterable[str], relations: Relations) -> Lenses:
        lenses = {}
        # Few differ among 200 contacts: by identity, as comparing them costs as much as judging.
        found: dict[tuple[int, int], Lens] = {}
        for user in wanted:
            if user in relations:
                privacy, relation = relations[user]
                kind = id(privacy), id(relation)
                lens = found.get(kind)
                if lens is None:
                    lens = lens_for(privacy, relation, is_reciprocal=self._is_reciprocal)
                    found[kind] = lens
                lenses[user] = lens
        return lenses

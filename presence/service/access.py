"""Access: through which lens one user sees another.

Flow: stream, poll, API -> **access** -> relations in Postgres -> domain.visibility -> lenses.

A process remembers what it found for a while (`roster_cache`), and forgets it at once when a rule between
the users concerned changes anywhere (the bus says so).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from time import monotonic

from presence.domain.visibility import Lens, lens_for
from presence.service.database import in_database
from presence.service.relations import contacts_listed_by, relations_of

_REMEMBERED = 10_000  # answers; the oldest goes first. With 200 users each about 200 MB at most

Lenses = Mapping[str, Lens]
_Question = tuple[str, tuple[str, ...], bool]


class Access:
    """Decides who sees whom. One for each event loop."""

    def __init__(self, *, trust: timedelta, is_reciprocal: bool) -> None:
        """Remember answers for `trust`; `is_reciprocal`: who hides their last-seen sees none."""
        self._trust = trust.total_seconds()
        self._is_reciprocal = is_reciprocal
        self._known: dict[_Question, tuple[float, Lenses]] = {}

    async def lenses(
        self, *, viewer: str, users: Sequence[str] = (), contacts: bool = False
    ) -> Lenses:
        """Return the lens for each of `users`, or of one's contacts and oneself, whom one may see.

        Who is missing does not exist or may not be seen.

        Raises:
            Unavailable: Postgres did not answer.
        """
        question = (viewer, tuple(users), contacts)
        now = monotonic()
        known = self._known.get(question)
        if known is not None and known[0] > now:
            return known[1]
        lenses = await in_database(self._judge, viewer, users, contacts)
        if not self._trust:
            return lenses
        if len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[question] = (now + self._trust, lenses)
        return lenses

    def forget(self, users: Sequence[str]) -> None:
        """Forget every answer that concerns one of `users`: a rule changed."""
        changed = set(users)
        stale = [
            question
            for question, (_, lenses) in self._known.items()
            if question[0] in changed
            or not changed.isdisjoint(question[1])
            or not changed.isdisjoint(lenses)
        ]
        for question in stale:
            del self._known[question]

    def _judge(self, viewer: str, users: Sequence[str], contacts: bool) -> Lenses:
        wanted = dict.fromkeys(users)
        if contacts:
            wanted[viewer] = None  # all devices of a person agree on what the person chose
            wanted.update(dict.fromkeys(contacts_listed_by(viewer)))
        lenses = {}
        relations = relations_of(viewer, list(wanted))
        for user in wanted:
            if user in relations:
                privacy, relation = relations[user]
                lens = lens_for(privacy, relation, is_reciprocal=self._is_reciprocal)
                if lens is not Lens.NOTHING:
                    lenses[user] = lens
        return lenses

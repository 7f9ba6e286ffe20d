"""Sight: whom a viewer sees, and through which lens, by what is between them.

Flow: relations (contacts, blocks, privacy) -> **sight** -> access, which remembers it.
"""

from collections.abc import Sequence

from presence.conf import settings
from presence.domain.visibility import Lens, Relation, Sight, lens_for
from presence.service.relations import Bonds, ContactList, People, hides, relation, relation_to


def sight_of(
    viewer: str,
    *,
    named: Sequence[str],
    contacts: ContactList | None,
    bonds: Bonds,
    people: People,
    is_reciprocal: bool,
) -> Sight:
    """Return how `viewer` sees those `named`, and (unless None) their `contacts` and themselves.

    Who does not exist is left out; who may not be seen is seen through `NOTHING`. `bonds` are those with the
    named, `people` knows everybody.
    """
    own = people[viewer] or settings().default_privacy
    related: dict[Relation, list[str]] = {}
    found: dict[Lens, list[str]] = {}
    if contacts is not None or viewer in named:
        found[Lens.SELF] = [viewer]  # all devices of a person agree on what the person chose
    if contacts is not None:
        exceptions = contacts.one_sided | contacts.blocked
        hidden = hides(own, is_listed=True)
        usual = relation(is_contact=True, is_blocked=False, hides_own=hidden)
        related[usual] = [user for user in contacts.users if user not in exceptions]
        for user in sorted(exceptions):
            between = relation(
                is_contact=user not in contacts.one_sided,
                is_blocked=user in contacts.blocked,
                hides_own=hidden,
            )
            related.setdefault(between, []).append(user)
    listed = frozenset(contacts.users if contacts is not None and named else ())
    for user in named:
        if user != viewer and user not in listed:
            related.setdefault(relation_to(user, own, bonds), []).append(user)
    for between, users in related.items():
        if not users:
            continue
        _judge(users, between, people, found, is_reciprocal=is_reciprocal)
    return {lens: tuple(users) for lens, users in found.items()}


def _judge(
    users: Sequence[str],
    between: Relation,
    people: People,
    found: dict[Lens, list[str]],
    *,
    is_reciprocal: bool,
) -> None:
    """Add `users`, to all of whom the viewer is the same, to those `found` by lens."""
    privacies = [people[user] for user in users]
    first = privacies[0]
    if first is not None and privacies.count(first) == len(privacies):  # as most keep the default
        lens = lens_for(first, between, is_reciprocal=is_reciprocal)
        found.setdefault(lens, []).extend(users)
        return
    # By identity, as comparing costs as much as judging.
    groups: dict[int, list[str]] = {}
    for user, privacy in zip(users, privacies, strict=True):
        if privacy is None:
            continue
        group = groups.get(id(privacy))
        if group is None:
            lens = lens_for(privacy, between, is_reciprocal=is_reciprocal)
            group = groups[id(privacy)] = found.setdefault(lens, [])
        group.append(user)

"""Relations: what a viewer is to others, and what those let be seen.

Flow: watching, roster -> access -> **relations** -> sight -> what goes on the wire.

Reads the primary database: a block holds from the moment it is made, not from when a replica knows.
"""

import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db import router
from django.db.models import Aggregate, Exists, OuterRef, QuerySet, TextField, Value

from presence.conf import settings
from presence.domain.visibility import Precision, Privacy, Relation, admits
from presence.models import Block, Contact, PrivacyRule
from presence.models.contact import ContactState
from presence.service.directory import existing

# What each user lets be seen; None for who does not exist.
People = Mapping[str, Privacy | None]


@dataclass(slots=True)
class Bonds:
    """What is between a viewer and some others.

    `listing`: who list the viewer; `listed`: whom the viewer lists; `blocked`: where either blocks the other.
    """

    listing: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class ContactList:
    """Whom a viewer lists, sorted; and, of those, who do not list the viewer, and where either blocks the other."""

    users: tuple[str, ...] = ()
    one_sided: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()


# All that two others can be to each other: 200 contacts need no 200 objects.
_RELATIONS = {
    kind: Relation(is_contact=kind[0], is_blocked=kind[1], hides_own=kind[2])
    for kind in product((False, True), repeat=3)
}
_NOBODY = ContactList()
_COMMA = ","  # in no id (domain.ids)


class _Collected(Aggregate):
    """All ids of a group as one array: a row for each of 200 contacts takes ten times as long to read."""

    function = "ARRAY_AGG"
    output_field = TextField()


def relations_of(viewer: str, targets: Collection[str]) -> dict[str, tuple[Privacy, Relation]]:
    """Return, for each of `targets` who exists, their privacy and what `viewer` is to them.

    Four queries at most, whatever the number of targets. `viewer` always exists to themselves.
    """
    people = people_of({viewer, *targets})
    bonds = bonds_among({viewer: {each for each in targets if people[each] is not None}})[viewer]
    own = people[viewer] or settings().default_privacy
    found = {}
    for target in targets:
        privacy = people[target]
        if target == viewer:
            found[viewer] = (own, Relation(is_self=True))
        elif privacy is not None:
            found[target] = (privacy, relation_to(target, own, bonds))
    return found


def relation_to(target: str, own: Privacy, bonds: Bonds) -> Relation:
    """Return what a viewer, whose own privacy is `own`, is to somebody else; equal ones are the same object."""
    return relation(
        is_contact=target in bonds.listing,
        is_blocked=target in bonds.blocked,
        hides_own=hides(own, is_listed=target in bonds.listed),
    )


def relation(*, is_contact: bool, is_blocked: bool, hides_own: bool) -> Relation:
    """Return that relation between two others; equal ones are the same object."""
    return _RELATIONS[(is_contact, is_blocked, hides_own)]


def hides(own: Privacy, *, is_listed: bool) -> bool:
    """Return whether who lets `own` be seen hides their last-seen from somebody whom they list, or do not."""
    if own.precision is Precision.HIDDEN:
        return True
    return not admits(own.last_seen, Relation(is_contact=is_listed))


def people_of(users: Collection[str]) -> dict[str, Privacy | None]:
    """Return who of `users` exists, and what they let be seen. Three queries at most."""
    present = existing(users) if users else set()
    rules = _privacies(present)
    return {user: rules[user] if user in present else None for user in users}


def contact_list(viewer: str) -> ContactList:
    """Return whom `viewer` has as a contact. One query.

    What may be seen of them is another question: it takes what each of them lets be seen.
    """
    return contact_lists([viewer])[viewer]


def contact_lists(viewers: Collection[str]) -> dict[str, ContactList]:
    """Return what `contact_list` does for each of `viewers`. One query.

    Told are all ids in one text, and the exceptions: of 200 contacts hardly one does not list the viewer as well.
    200 viewers with 200 contacts each cost this process 5 ms, with their contacts named one by one 60.
    """
    if not viewers:
        return {}
    agreed = _primary_contacts().filter(state=ContactState.ACCEPTED)
    blocks = Block.objects.using(router.db_for_write(Block))
    there = {"owner": OuterRef("owner"), "other": OuterRef("other")}
    back = {"owner": OuterRef("other"), "other": OuterRef("owner")}
    is_blocked = Exists(blocks.filter(**there)) | Exists(blocks.filter(**back))
    lists = agreed.filter(owner__in=viewers).values("owner")
    rows = lists.annotate(
        users=StringAgg("other", _COMMA, order_by="other"),
        one_sided=StringAgg("other", _COMMA, filter=~Exists(agreed.filter(**back))),
        blocked=StringAgg("other", _COMMA, filter=is_blocked),
    )
    found = {
        owner: ContactList(
            # Interned: whoever is listed by many is kept once, not 55 bytes for each of them.
            users=tuple(map(sys.intern, users.split(_COMMA))),
            one_sided=frozenset(one_sided.split(_COMMA)) if one_sided else frozenset(),
            blocked=frozenset(blocked.split(_COMMA)) if blocked else frozenset(),
        )
        for owner, users, one_sided, blocked in rows.values_list(
            "owner", "users", "one_sided", "blocked"
        )
    }
    return {viewer: found.get(viewer, _NOBODY) for viewer in viewers}


def bonds_among(targets: Mapping[str, Collection[str]]) -> dict[str, Bonds]:
    """Return what is between each viewer and their targets. One query at most."""
    bonds = {viewer: Bonds() for viewer in targets}
    named = {target for viewer, those in targets.items() for target in those if target != viewer}
    if not named:
        return bonds
    agreed = _primary_contacts().filter(state=ContactState.ACCEPTED)
    blocks = Block.objects.using(router.db_for_write(Block))
    to_viewers = {"other__in": targets.keys(), "owner__in": named}
    from_viewers = {"owner__in": targets.keys(), "other__in": named}
    parts = [
        _collected("listing", agreed.filter(**to_viewers), "other", "owner"),
        _collected("listed", agreed.filter(**from_viewers), "owner", "other"),
        _collected("blocked", blocks.filter(**to_viewers), "other", "owner"),
        _collected("blocked", blocks.filter(**from_viewers), "owner", "other"),
    ]
    for bond, viewer, found in parts[0].union(*parts[1:], all=True):
        getattr(bonds[viewer], bond).update(found)
    return bonds


def _primary_contacts() -> QuerySet[Contact]:
    return Contact.objects.using(router.db_for_write(Contact))


def _privacies(users: Iterable[str]) -> dict[str, Privacy]:
    default = settings().default_privacy
    alias = router.db_for_write(PrivacyRule)
    rules = {rule.user: rule for rule in PrivacyRule.objects.using(alias).filter(user__in=users)}
    return {user: rules[user].privacy() if user in rules else default for user in users}


def _collected(bond: str, rows: QuerySet[Any], viewer: str, target: str) -> QuerySet[Any, Any]:
    """Return (bond, viewer, all targets) of `rows`, a row for each viewer."""
    grouped = rows.values(viewer).annotate(bond=Value(bond), found=_Collected(target))
    listed: QuerySet[Any, Any] = grouped.values_list("bond", viewer, "found")
    return listed

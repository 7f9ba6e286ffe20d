"""Relations: what a viewer is to others, and what those let be seen.

Flow: watching, roster -> **relations** -> domain.visibility.lens_for -> what goes on the wire.

Reads the primary database: a block holds from the moment it is made, not from when a replica knows.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import product
from typing import Any

from django.db import router
from django.db.models import Aggregate, QuerySet, TextField, Value

from presence.conf import settings
from presence.domain.visibility import (
    Precision,
    Privacy,
    Relation,
    admits,
)
from presence.models import Block, Contact, PrivacyRule
from presence.models.contact import ContactState
from presence.service.directory import existing

Relations = dict[str, tuple[Privacy, Relation]]
# What each user lets be seen; None for who does not exist.
People = dict[str, Privacy | None]

_Bonds = Mapping[str, set[str]]
_NO_BONDS: _Bonds = {"listing": set(), "listed": set(), "blocked": set()}

# All that two others can be to each other: 200 contacts need no 200 objects.
_RELATIONS = {
    kind: Relation(is_contact=kind[0], is_blocked=kind[1], hides_own=kind[2])
    for kind in product((False, True), repeat=3)
}


class _Collected(Aggregate):
    """All ids of a group as one array: a row for each of 200 contacts takes ten times as long to read."""

    function = "ARRAY_AGG"
    output_field = TextField()


def relations_of(viewer: str, targets: Collection[str]) -> Relations:
    """Return, for each of `targets` who exists, their privacy and what `viewer` is to them.

    Four queries at most, whatever the number of targets. `viewer` always exists to themselves.
    """
    return relations_among({viewer: targets}, people_of({viewer, *targets}))[viewer]


def people_of(users: Collection[str]) -> People:
    """Return who of `users` exists, and what they let be seen. Three queries at most."""
    present = existing(users) if users else set()
    rules = _privacies(present)
    return {user: rules[user] if user in present else None for user in users}


def relations_among(
    targets: Mapping[str, Collection[str]], people: People, *, is_reciprocal: bool = True
) -> dict[str, Relations]:
    """Return what `relations_of` does for each viewer and their targets, by one query for all.

    `people` knows every viewer and target. Unless `is_reciprocal`, `hides_own` is not asked for.
    """
    present = {
        target
        for viewer, named in targets.items()
        for target in named
        if target != viewer and people[target] is not None
    }
    bonds = _bonds(targets.keys(), present, with_listed=is_reciprocal) if present else {}
    return {
        viewer: _relations(viewer, named, people, bonds.get(viewer, _NO_BONDS))
        for viewer, named in targets.items()
    }


def contacts_listed_by(viewer: str) -> list[str]:
    """Return whom `viewer` has as a contact, sorted. One query.

    What may be seen of them is another question: `relations_of` answers it.
    """
    return contacts_listed_by_each([viewer])[viewer]


def contacts_listed_by_each(viewers: Collection[str]) -> dict[str, list[str]]:
    """Return what `contacts_listed_by` does for each of `viewers`. One query."""
    agreed = _primary_contacts().filter(owner__in=viewers, state=ContactState.ACCEPTED)
    rows = agreed.values("owner").annotate(others=_Collected("other"))
    listed = {owner: sorted(others) for owner, others in rows.values_list("owner", "others")}
    return {viewer: listed.get(viewer, []) for viewer in viewers}


def _relations(viewer: str, targets: Collection[str], people: People, bonds: _Bonds) -> Relations:
    own = people[viewer] or settings().default_privacy
    listing, listed, blocked = bonds["listing"], bonds["listed"], bonds["blocked"]
    hides = {
        is_listed: own.precision is Precision.HIDDEN
        or not admits(own.last_seen, Relation(is_contact=is_listed))
        for is_listed in (False, True)
    }
    found = {}
    for target in targets:
        privacy = people[target]
        if target == viewer:
            found[viewer] = (own, Relation(is_self=True))
        elif privacy is not None:
            kind = (target in listing, target in blocked, hides[target in listed])
            found[target] = (privacy, _RELATIONS[kind])
    return found


def _primary_contacts() -> QuerySet[Contact]:
    return Contact.objects.using(router.db_for_write(Contact))


def _privacies(users: Iterable[str]) -> dict[str, Privacy]:
    default = settings().default_privacy
    alias = router.db_for_write(PrivacyRule)
    rules = {rule.user: rule for rule in PrivacyRule.objects.using(alias).filter(user__in=users)}
    return {user: rules[user].privacy() if user in rules else default for user in users}


def _bonds(viewers: Collection[str], targets: set[str], *, with_listed: bool) -> dict[str, _Bonds]:
    """Return who among `targets` lists a viewer, is listed by a viewer, blocks or is blocked. One query."""
    agreed = _primary_contacts().filter(state=ContactState.ACCEPTED)
    blocks = Block.objects.using(router.db_for_write(Block))
    to_viewers = {"other__in": viewers, "owner__in": targets}
    from_viewers = {"owner__in": viewers, "other__in": targets}
    parts = [
        _collected("listing", agreed.filter(**to_viewers), "other", "owner"),
        _collected("blocked", blocks.filter(**to_viewers), "other", "owner"),
        _collected("blocked", blocks.filter(**from_viewers), "owner", "other"),
    ]
    if with_listed:
        parts.append(_collected("listed", agreed.filter(**from_viewers), "owner", "other"))
    bonds: dict[str, _Bonds] = {}
    for bond, viewer, found in parts[0].union(*parts[1:], all=True):
        of_viewer = bonds.setdefault(viewer, {name: set() for name in _NO_BONDS})
        of_viewer[bond].update(found)
    return bonds


def _collected(bond: str, rows: QuerySet[Any], viewer: str, target: str) -> QuerySet[Any, Any]:
    """Return (bond, viewer, all targets) of `rows`, a row for each viewer."""
    grouped = rows.values(viewer).annotate(bond=Value(bond), found=_Collected(target))
    listed: QuerySet[Any, Any] = grouped.values_list("bond", viewer, "found")
    return listed

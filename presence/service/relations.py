"""Relations: what a viewer is to others, and what those let be seen.

Flow: watching, roster -> **relations** -> domain.visibility.lens_for -> what goes on the wire.

Reads the primary database: a block holds from the moment it is made, not from when a replica knows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import router
from django.db.models import F, QuerySet, Value

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

_Bonds = Mapping[str, set[str]]
_NO_BONDS: _Bonds = {"listing": set(), "listed": set(), "blocked": set()}


def relations_of(viewer: str, targets: Sequence[str]) -> Relations:
    """Return, for each of `targets` who exists, their privacy and what `viewer` is to them.

    Four queries at most, whatever the number of targets. `viewer` always exists to themselves.
    """
    return relations_of_all({viewer: targets})[viewer]


def relations_of_all(targets: Mapping[str, Collection[str]]) -> dict[str, Relations]:
    """Return what `relations_of` does for each viewer and their targets, by the same four queries for all."""
    others = {target for viewer, named in targets.items() for target in named if target != viewer}
    present = existing(others) if others else set()
    rules = _privacies({*present, *targets})
    bonds = _bonds(targets.keys(), present) if present else {}
    return {
        viewer: _relations(viewer, named, present, rules, bonds.get(viewer, _NO_BONDS))
        for viewer, named in targets.items()
    }


def contacts_listed_by(viewer: str) -> list[str]:
    """Return whom `viewer` has as a contact, sorted. One query.

    What may be seen of them is another question: `relations_of` answers it.
    """
    return contacts_listed_by_each([viewer])[viewer]


def contacts_listed_by_each(viewers: Collection[str]) -> dict[str, list[str]]:
    """Return what `contacts_listed_by` does for each of `viewers`. One query."""
    listed: dict[str, list[str]] = {viewer: [] for viewer in viewers}
    rows = _primary_contacts().filter(owner__in=listed, state=ContactState.ACCEPTED)
    for owner, other in rows.order_by("owner", "other").values_list("owner", "other"):
        listed[owner].append(other)
    return listed


def _relations(
    viewer: str,
    targets: Collection[str],
    present: set[str],
    rules: Mapping[str, Privacy],
    bonds: _Bonds,
) -> Relations:
    found = {
        target: (rules[target], _relation(target, rules[viewer], bonds))
        for target in targets
        if target in present and target != viewer
    }
    if viewer in targets:
        found[viewer] = (rules[viewer], Relation(is_self=True))
    return found


def _primary_contacts() -> QuerySet[Contact]:
    return Contact.objects.using(router.db_for_write(Contact))


def _relation(target: str, own: Privacy, bonds: _Bonds) -> Relation:
    shown = admits(own.last_seen, Relation(is_contact=target in bonds["listed"]))
    return Relation(
        is_contact=target in bonds["listing"],
        is_blocked=target in bonds["blocked"],
        hides_own=not shown or own.precision is Precision.HIDDEN,
    )


def _privacies(users: Iterable[str]) -> dict[str, Privacy]:
    default = settings().default_privacy
    alias = router.db_for_write(PrivacyRule)
    rules = {rule.user: rule for rule in PrivacyRule.objects.using(alias).filter(user__in=users)}
    return {user: rules[user].privacy() if user in rules else default for user in users}


def _bonds(viewers: Collection[str], targets: set[str]) -> dict[str, _Bonds]:
    """Return who among `targets` lists a viewer, is listed by a viewer, blocks or is blocked. One query."""
    agreed = _primary_contacts().filter(state=ContactState.ACCEPTED)
    blocks = Block.objects.using(router.db_for_write(Block))
    to_viewers = {"other__in": viewers, "owner__in": targets}
    from_viewers = {"owner__in": viewers, "other__in": targets}
    rows = (
        agreed.filter(**to_viewers)
        .values_list(Value("listing"), F("other"), F("owner"))
        .union(
            agreed.filter(**from_viewers).values_list(Value("listed"), F("owner"), F("other")),
            blocks.filter(**to_viewers).values_list(Value("blocked"), F("other"), F("owner")),
            blocks.filter(**from_viewers).values_list(Value("blocked"), F("owner"), F("other")),
            all=True,
        )
    )
    bonds: dict[str, _Bonds] = {}
    for bond, viewer, target in rows:
        of_viewer = bonds.setdefault(viewer, {name: set() for name in _NO_BONDS})
        of_viewer[bond].add(target)
    return bonds

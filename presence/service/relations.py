"""Relations: what a viewer is to others, and what those let be seen.

Flow: watching, roster -> **relations** -> domain.visibility.lens_for -> what goes on the wire.

Reads the primary database: a block holds from the moment it is made, not from when a replica knows.
"""

from collections.abc import Iterable, Sequence

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

_Bonds = dict[str, set[str]]


def relations_of(viewer: str, targets: Sequence[str]) -> dict[str, tuple[Privacy, Relation]]:
    """Return, for each of `targets` who exists, their privacy and what `viewer` is to them.

    Four queries at most, whatever the number of targets. `viewer` always exists to themselves.
    """
    others = set(targets) - {viewer}
    present = existing(others) if others else set()
    rules = _privacies({*present, viewer})
    bonds = _bonds(viewer, present) if present else {}
    found = {target: (rules[target], _relation(target, rules[viewer], bonds)) for target in present}
    if viewer in targets:
        found[viewer] = (rules[viewer], Relation(is_self=True))
    return found


def contacts_listed_by(viewer: str) -> list[str]:
    """Return whom `viewer` has as a contact, sorted. One query.

    What may be seen of them is another question: `relations_of` answers it.
    """
    rows = _primary_contacts().filter(owner=viewer, state=ContactState.ACCEPTED)
    return list(rows.order_by("other").values_list("other", flat=True))


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


def _bonds(viewer: str, targets: set[str]) -> _Bonds:
    """Return who among `targets` lists the viewer, is listed by the viewer, blocks or is blocked. One query."""
    agreed = _primary_contacts().filter(state=ContactState.ACCEPTED)
    blocks = Block.objects.using(router.db_for_write(Block))
    rows = (
        agreed.filter(other=viewer, owner__in=targets)
        .values_list(Value("listing"), F("owner"))
        .union(
            agreed.filter(owner=viewer, other__in=targets).values_list(Value("listed"), F("other")),
            blocks.filter(other=viewer, owner__in=targets).values_list(
                Value("blocked"), F("owner")
            ),
            blocks.filter(owner=viewer, other__in=targets).values_list(
                Value("blocked"), F("other")
            ),
            all=True,
        )
    )
    bonds: _Bonds = {"listing": set(), "listed": set(), "blocked": set()}
    for bond, target in rows:
        bonds[bond].add(target)
    return bonds

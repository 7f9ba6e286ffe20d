"""Contacts: whom a user lists, asked for and agreed.

Flow: api, pages -> **contacts** -> Contact; RuleChanged -> open streams.

With acceptance (the default) a contact is an agreement of two: one asks, the other accepts or asks back, and
both then list each other. Either ends it for both. Without (`CONTACTS_NEED_ACCEPTANCE=false`) each
keeps a list of their own. Either way, "contacts" in somebody's privacy means those whom *they* list,
so nobody gets in by adding themselves.

Nothing here tells whether the other exists, refused, or blocks: all of these look like a request that was
never answered, its name included, which is the id until they agree.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q

from presence.conf import settings
from presence.models import Block, Contact
from presence.models.contact import ContactState
from presence.service.errors import NotFound, Refused
from presence.service.names import names_of
from presence.service.pairs import check_other, locked_pair
from presence.service.rule_changed import UNCHANGED, RuleChanged


class ContactStage(StrEnum):
    """How two users stand, as one of them sees it."""

    ACCEPTED = "accepted"
    REQUESTED = "requested"  # asked, and not answered as far as one can tell
    INCOMING = "incoming"  # the other has asked


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    """Somebody on a user's list. The name of who has no account here, or has not agreed, is the id."""

    user: str
    name: str
    state: ContactStage


def contacts_of(user: str) -> list[ContactView]:
    """Return the contacts of `user`, what they asked for and who asked them, by name. Four queries."""
    blocked = set(Block.objects.filter(owner=user).values_list("other", flat=True))
    asking = Contact.objects.filter(other=user, state=ContactState.REQUESTED)
    states = dict.fromkeys(asking.values_list("owner", flat=True), ContactStage.INCOMING)
    for row in Contact.objects.filter(owner=user):
        agreed = row.state == ContactState.ACCEPTED
        states[row.other] = ContactStage.ACCEPTED if agreed else ContactStage.REQUESTED
    shown = {other: state for other, state in states.items() if other not in blocked}
    names = names_of(other for other, state in shown.items() if state is not ContactStage.REQUESTED)
    views = [
        ContactView(user=other, name=names.get(other, other), state=state)
        for other, state in shown.items()
    ]
    return sorted(views, key=lambda view: (view.name.casefold(), view.user))


def add_contact(*, owner: str, other: str) -> RuleChanged:
    """List `other`, or ask them to agree; whom they have asked already is accepted by this.

    Raises:
        Refused: `other` is no user id, is the owner or is blocked by the owner, or the list is full.
    """
    check_other(owner=owner, other=other)
    with locked_pair(owner, other):
        blockers = set(
            Block.objects.filter(
                Q(owner=owner, other=other) | Q(owner=other, other=owner)
            ).values_list("owner", flat=True)
        )
        if owner in blockers:
            raise Refused("user", "you block this user; unblock them first")
        own, theirs = _rows(owner, other)
        if own is not None and own.state == ContactState.ACCEPTED:
            return UNCHANGED
        if own is None:
            _refuse_when_full(owner)
        if not settings().contacts_need_acceptance:
            return _agree(owner, other)
        # Who blocks the owner has not asked, whatever is left of earlier days.
        if theirs is not None and other not in blockers:
            return _agree(owner, other, mutually=True)
        if own is None:
            Contact.objects.create(owner=owner, other=other, state=ContactState.REQUESTED)
    return UNCHANGED


def accept_contact(*, owner: str, other: str) -> RuleChanged:
    """Agree to what `other` asked `owner`.

    Raises:
        NotFound: they did not ask, or `owner` blocks them.
        Refused: the owner's list is full.
    """
    with locked_pair(owner, other):
        own, theirs = _rows(owner, other)
        if theirs is None or Block.objects.filter(owner=owner, other=other).exists():
            raise NotFound
        if own is not None and own.state == theirs.state == ContactState.ACCEPTED:
            return UNCHANGED
        if own is None:
            _refuse_when_full(owner)
        return _agree(owner, other, mutually=True)


def remove_contact(*, owner: str, other: str) -> RuleChanged:
    """End the contact with `other`, withdraw the request to them, or decline theirs.

    A declined request stays as it is to who asked. Where contacts need acceptance the end of one is the
    end for both: the row of the other would otherwise go on to claim an agreement that is gone.

    Raises:
        NotFound: there is nothing between the two.
    """
    with locked_pair(owner, other):
        own, theirs = _rows(owner, other)
        asked = theirs is not None and theirs.state == ContactState.REQUESTED
        if own is None and not asked:
            raise NotFound
        ended = own is not None and own.state == ContactState.ACCEPTED
        if own is not None:
            own.delete()
        if theirs is not None and asked:
            Contact.objects.filter(pk=theirs.pk).update(state=ContactState.DECLINED)
        elif theirs is not None and ended and settings().contacts_need_acceptance:
            theirs.delete()
    return RuleChanged(users=frozenset({owner, other})) if ended else UNCHANGED


def _refuse_when_full(owner: str) -> None:
    """Refuse a list longer than what one stream can watch, open requests included."""
    most = settings().max_watched
    if Contact.objects.filter(owner=owner).count() >= most:
        raise Refused("user", f"at most {most} contacts can be listed")


def _rows(owner: str, other: str) -> tuple[Contact | None, Contact | None]:
    """Return the owner's row and the other's."""
    rows = {
        row.owner: row
        for row in Contact.objects.filter(Q(owner=owner, other=other) | Q(owner=other, other=owner))
    }
    return rows.get(owner), rows.get(other)


def _agree(owner: str, other: str, *, mutually: bool = False) -> RuleChanged:
    pairs = [(owner, other), (other, owner)] if mutually else [(owner, other)]
    Contact.objects.bulk_create(
        [Contact(owner=one, other=two, state=ContactState.ACCEPTED) for one, two in pairs],
        update_conflicts=True,
        unique_fields=["owner", "other"],
        update_fields=["state"],
    )
    return RuleChanged(users=frozenset({owner, other}))

"""Privacy rules: what a user lets others see, and whom a user blocks.

Flow: api, admin -> **privacy rules** -> PrivacyRule, Block; RuleChanged -> open streams.
"""

from dataclasses import dataclass

from presence.conf import settings
from presence.domain.visibility import Privacy
from presence.models import Block, Contact, PrivacyRule
from presence.models.contact import ContactState
from presence.service.errors import NotFound, Refused
from presence.service.names import names_of
from presence.service.pairs import check_other, locked_pair
from presence.service.rule_changed import UNCHANGED, RuleChanged

# Bounds what one account can fill the table with; ten times what anybody was seen to need.
MAX_BLOCKS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockView:
    """Somebody whom one blocks. The name of who has no account here is the id."""

    user: str
    name: str


def privacy_of(user: str) -> Privacy:
    """Return what `user` lets others see; the site's default until they choose. One query."""
    rule = PrivacyRule.objects.filter(user=user).first()
    return settings().default_privacy if rule is None else rule.privacy()


def set_privacy(*, user: str, privacy: Privacy) -> RuleChanged:
    """Let `privacy` hold for `user` from now on."""
    rule = PrivacyRule.objects.filter(user=user).first()
    if rule is not None and rule.privacy() == privacy:
        return UNCHANGED
    PrivacyRule.objects.update_or_create(
        user=user,
        defaults={
            "status": privacy.status.value,
            "last_seen": privacy.last_seen.value,
            "precision": privacy.precision.value,
        },
    )
    return RuleChanged(users=frozenset({user}))


def blocks_of(owner: str) -> list[BlockView]:
    """Return whom `owner` blocks, by name. Two queries."""
    blocked = list(Block.objects.filter(owner=owner).values_list("other", flat=True))
    views = [BlockView(user=user, name=name) for user, name in names_of(blocked).items()]
    return sorted(views, key=lambda view: (view.name.casefold(), view.user))


def block(*, owner: str, other: str) -> RuleChanged:
    """Let `owner` and `other` see nothing of each other from now on.

    An agreed contact stays on both lists and shows nothing, so that the other cannot tell a block from
    privacy; a request of the owner's that is unanswered is withdrawn.

    Raises:
        Refused: `other` is no user id or is the owner, or too many are blocked already.
    """
    check_other(owner=owner, other=other)
    with locked_pair(owner, other):
        if Block.objects.filter(owner=owner, other=other).exists():
            return UNCHANGED
        if Block.objects.filter(owner=owner).count() >= MAX_BLOCKS:
            raise Refused("user", f"at most {MAX_BLOCKS} users can be blocked")
        Block.objects.create(owner=owner, other=other)
        requests = Contact.objects.filter(owner=owner, other=other)
        requests.exclude(state=ContactState.ACCEPTED).delete()
    return RuleChanged(users=frozenset({owner, other}))


def unblock(*, owner: str, other: str) -> RuleChanged:
    """Let what was agreed before the block hold again.

    Raises:
        NotFound: `owner` does not block `other`.
    """
    with locked_pair(owner, other):
        deleted, _ = Block.objects.filter(owner=owner, other=other).delete()
    if not deleted:
        raise NotFound
    return RuleChanged(users=frozenset({owner, other}))

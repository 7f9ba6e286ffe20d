"""Claim right: which accounts may claim statuses, and whose.

Flow: API -> **claim right** -> claiming.

An application is an account of this site with the permission `presence.claim_status`; its user name is the name
that claims carry. A user of an external issuer without an account here has no permissions. Who blocks an
application's account is claimed by it no more: blocks win over all.
"""

from presence.domain.ids import check_user
from presence.service.names import accounts_of
from presence.service.relations import relations_of

PERMISSION = "presence.claim_status"


def app_of(account: str) -> str | None:
    """Return the name under which `account` may claim; None if it may not."""
    found = accounts_of([account]).first()
    # A user model of the host's own need not know permissions.
    may = getattr(found, "has_perm", None)
    return found.get_username() if found and may and may(PERMISSION) else None


def is_claimable(*, account: str, user: str) -> bool:
    """Return whether `user` exists, and nothing stands between them and `account`."""
    try:
        check_user(user)
    except ValueError:
        return False
    found = relations_of(account, [user]).get(user)
    return found is not None and not found[1].is_blocked

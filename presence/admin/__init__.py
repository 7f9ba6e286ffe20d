"""The admin: what operators see. Every list is for reading only.

Flow: operator with Django's permissions -> **admin** -> tables; live store for "why".

Nothing is edited here: rules that change have to reach open streams, which is what the service does.
"""

from presence.admin.last_seen import LastSeenAdmin
from presence.admin.rules import BlockAdmin, ContactAdmin, PrivacyRuleAdmin, StandingAdmin
from presence.admin.transition import TransitionAdmin

__all__ = [
    "BlockAdmin",
    "ContactAdmin",
    "LastSeenAdmin",
    "PrivacyRuleAdmin",
    "StandingAdmin",
    "TransitionAdmin",
]

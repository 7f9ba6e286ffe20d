"""RuleChanged: the notice that who may see whom is no longer what it was.

Flow: contacts, privacy_rules -> **rule changed** -> published to every process -> open streams are judged anew.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChanged:
    """Whose rules changed: what these users see, and what others see of them, may differ from now on.

    Empty when the call changed nothing that anybody could see (a request, or something that was so already).
    """

    users: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Return whether anybody has to be told."""
        return bool(self.users)


UNCHANGED = RuleChanged()

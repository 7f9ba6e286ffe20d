"""The tables: what outlives Redis.

Flow: history, service -> **models** -> Postgres.

Users are strings without a foreign key: they may be Django's, or come from a JWT's `sub` and never
have a row here.
"""

from presence.models.block import Block
from presence.models.contact import Contact
from presence.models.last_seen import LastSeen
from presence.models.privacy import PrivacyRule
from presence.models.push_device import PushDevice
from presence.models.standing import Standing
from presence.models.transition import Transition

__all__ = ["Block", "Contact", "LastSeen", "PrivacyRule", "PushDevice", "Standing", "Transition"]

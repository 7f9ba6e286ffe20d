"""The words of presence: activity, availability, status, device.

Flow: activity (a session says) + availability (the user chooses) -> **status** (others see).
"""

from enum import StrEnum


class Activity(StrEnum):
    """What a session reports of itself."""

    ACTIVE = "active"
    IDLE = "idle"
    HIDDEN = "hidden"


class Availability(StrEnum):
    """What the user chose. `AUTO` leaves it to the sessions."""

    AUTO = "auto"
    AWAY = "away"
    BUSY = "busy"
    INVISIBLE = "invisible"


class Status(StrEnum):
    """What others see."""

    ONLINE = "online"
    AWAY = "away"
    BUSY = "busy"
    OFFLINE = "offline"


class Device(StrEnum):
    """What kind of thing a session runs on."""

    WEB = "web"
    MOBILE = "mobile"
    DESKTOP = "desktop"
    TABLET = "tablet"
    OTHER = "other"

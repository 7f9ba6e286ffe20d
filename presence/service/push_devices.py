"""Push devices: who can be reached by push while offline.

Flow: API -> **push devices** -> PushDevice (Postgres, its home) -> applying -> live copy.
"""

import asyncio

from presence.domain.signals import PushRegistered
from presence.models import PushDevice
from presence.service.applying import Applier
from presence.service.database import in_database
from presence.service.errors import NotFound, Refused

MAX_DEVICES = 20


class PushDevices:
    """Registers devices and takes them out."""

    def __init__(self, applier: Applier) -> None:
        """Apply through `applier`."""
        self._applier = applier

    async def register(self, *, user: str, device: str) -> None:
        """Note that a push reaches `device` of `user`. Once or often is the same.

        Raises:
            Refused: the user has too many devices.
            Unavailable: a store did not answer.
        """
        await in_database(_add, user, device)
        await self._show(user, is_pushable=True)

    async def remove(self, *, user: str, device: str) -> None:
        """Note that no push reaches `device` any more.

        Raises:
            NotFound: it was not registered.
            Unavailable: a store did not answer.
        """
        is_pushable = await in_database(_remove, user, device)
        await self._show(user, is_pushable=is_pushable)

    async def of(self, *, user: str) -> list[str]:
        """Return the devices of `user` that are registered, by name.

        Raises:
            Unavailable: Postgres did not answer.
        """
        return await in_database(_list, user)

    async def _show(self, user: str, *, is_pushable: bool) -> None:
        signal = PushRegistered(is_pushable=is_pushable)
        await asyncio.shield(self._applier.apply(user=user, signal=signal))


def _list(user: str) -> list[str]:
    rows = PushDevice.objects.filter(user=user).order_by("device")
    return list(rows.values_list("device", flat=True))


def _add(user: str, device: str) -> None:
    known = _list(user)
    if device not in known and len(known) >= MAX_DEVICES:
        raise Refused("device", f"at most {MAX_DEVICES} devices of one user")
    PushDevice.objects.get_or_create(user=user, device=device)


def _remove(user: str, device: str) -> bool:
    deleted, _ = PushDevice.objects.filter(user=user, device=device).delete()
    if not deleted:
        raise NotFound
    return PushDevice.objects.filter(user=user).exists()

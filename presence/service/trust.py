"""Trust: what stands for the sessions of somebody who was reachable when the live store lost its data.

Flow: restoring (everybody), applying (who does something before their turn) -> **trust** -> domain.advance.

An ordinary session that nobody renews: whoever does not return goes offline when its lease ends, and
history says so. Its lease is the common one, whatever those of the lost sessions were.
"""

from collections.abc import Sequence

from presence.domain.signals import Heartbeat
from presence.domain.status import Activity, Device, Status

SESSION = "restored"


def on_trust(status: Status, devices: Sequence[Device]) -> Heartbeat:
    """Return the signal that keeps somebody, last shown as `status` on `devices`, reachable for a lease."""
    return Heartbeat(
        session=SESSION,
        activity=Activity.IDLE if status is Status.AWAY else Activity.ACTIVE,
        device=devices[0] if devices else Device.OTHER,
    )

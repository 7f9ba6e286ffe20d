"""However short the leases, nobody goes offline because no web process was there to be beaten to."""

import asyncio
from datetime import timedelta

import pytest

from presence.conf import Settings
from presence.domain.status import Activity, Status
from tests.service.joined import face_of, ms, until

LEASES = {
    "heartbeat_interval": ms(200),
    "hidden_heartbeat_interval": ms(200),
    "jitter": 0.0,
    "lease_after": ms(1_000),
    "hidden_lease_after": ms(1_000),
    "stream_lease_after": ms(1_000),
    "stream_renewal_interval": ms(200),
    "leave_grace": ms(100),
}


async def test_leases_shorter_than_a_restart_outlive_it(join):
    web, worker = join(**LEASES), join(**LEASES)
    web.start()
    await until(web.leases.is_served)
    await web.heartbeats.record(user="ana", session="tab", activity=Activity.ACTIVE)
    await worker.expiry.sweep()
    await web.close()
    ends = asyncio.get_running_loop().time() + 2.5
    while asyncio.get_running_loop().time() < ends:
        await worker.expiry.sweep()
        await asyncio.sleep(0.02)
    assert (await face_of(worker, "ana")).status is Status.ONLINE

    back = join(**LEASES)
    back.start()
    await until(worker.expiry.sweep, lambda swept: swept.changes == 1)
    assert (await face_of(worker, "ana")).status is Status.OFFLINE


@pytest.mark.parametrize(("lease", "lasts"), [(60, 5), (10, 5), (2, 1), (0.5, 0.25)])
def test_a_note_lasts_no_longer_than_half_of_the_shortest_lease(lease, lasts):
    beat = timedelta(seconds=lease / 4)
    settings = Settings(
        lease_after=timedelta(seconds=lease),
        heartbeat_interval=beat,
        hidden_heartbeat_interval=beat,
        stream_renewal_interval=beat,
        leave_grace=beat,
    )
    assert settings.serving_lasts == timedelta(seconds=lasts)

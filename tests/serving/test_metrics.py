"""Figures: each process counts its own heartbeats, and any tells what the workers have done."""

import socket
from contextlib import suppress

from tests.end_to_end.people import Town, wait_until
from tests.end_to_end.wire import ask
from tests.servers import free_port


def figures(port):
    text = ask(port, "GET", "/metrics").body.decode()
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_heartbeats_are_counted_by_answer_and_the_workers_work_is_told(serve):
    site = serve(env={"PRESENCE_SWEEP_INTERVAL": "0.1", "PRESENCE_HISTORY_INTERVAL": "0.1"})
    town = Town(site)
    ana = town.person("ana")
    for activity in ("active", "active", "active", "idle"):
        assert ana.beat(activity=activity).status == 200
    assert ana.beat(activity="dancing").status == 400
    assert ana.leave(final=True).status == 204

    wait_until(lambda: figures(site.port)["presence_recorded_total"] >= 3)
    told = figures(site.port)
    counted = {
        answer: told[f'presence_heartbeats_total{{answer="{answer}"}}']
        for answer in ("unchanged", "changed", "refused", "unavailable")
    }
    assert counted == {"unchanged": 2, "changed": 2, "refused": 1, "unavailable": 0}
    assert told["presence_sweeps_total"] > 0
    wait_until(lambda: figures(site.port)["presence_history_backlog"] == 0)

    site.valkey.kill()
    wait_until(lambda: ana.beat().status == 503)
    told = figures(site.port)
    assert told['presence_heartbeats_total{answer="unavailable"}'] >= 1
    assert "presence_history_backlog" not in told


def free_pair():
    """Two loopback ports side by side that nobody uses."""
    while True:
        port = free_port()
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port + 1))
            return port


def test_each_of_several_processes_can_be_scraped(serve):
    port = free_pair()
    site = serve(arguments=("--workers", "2", "--metrics-port", str(port)))
    ana = Town(site).person("ana")
    for _ in range(12):
        assert ana.beat().status == 200
    counted = [
        sum(value for name, value in figures(each).items() if "presence_heartbeats_total" in name)
        for each in (port, port + 1)
    ]
    assert sum(counted) == 12
    assert site.stop() == 0

"""Web processes and workers crash, several run at once, and clients vanish without a word."""

import os
import signal
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

import pytest

from tests.end_to_end.features.saying import instant
from tests.end_to_end.people import Beating, wait_until
from tests.end_to_end.sites import FAST, LEASE, Worker
from tests.end_to_end.wire import connect

KINDS = pytest.mark.parametrize("kind", ["uvicorn", "daphne"])


@KINDS
def test_a_crash_of_the_web_process_takes_nobody_offline(start_town, kind):
    # An outage that outlasts the lease: it is held, for nobody could beat.
    lease = {"PRESENCE_LEASE_AFTER": "6", "PRESENCE_STREAM_LEASE_AFTER": "6"}
    town = start_town(kind, **FAST | lease | {"PRESENCE_IDLE_AFTER": "60"})
    ana, chloe, ben = town.friends("ana", "chloe", "ben")
    mine = ana.watch(session="tab")
    stream = ben.watch(ana, chloe)
    stream.sees(ana.id, "online")
    mine.snapshot()
    before = stream.last_id
    stream.wait_until(lambda: stream.last_id != before)  # past the change: nothing of it is new
    town.site.kill()
    assert not any(event.name == "goodbye" for event in stream.read_to_end())
    time.sleep(6.5)
    town.site.start()
    mine = ana.watch(session="tab", ping="1")
    again = ben.watch(ana, chloe, cursor=stream.last_id)
    shown = again.snapshot()
    assert shown.is_partial, (stream.last_id, shown, town.site.read_log())
    assert chloe.id not in shown.records
    for _ in range(2):
        mine.wait_for("ping")
    assert again.waiting() == []
    wait_until(lambda: town.transitions(ana) == ["online"])
    chloe.beat()
    again.sees(chloe.id, "online")


def test_a_process_of_several_that_crashes_is_replaced_and_its_people_stay(start_town):
    town = start_town(serve_options={"arguments": ("--all-in-one", "--workers", "2")})
    ana, ben = town.friends("ana", "ben")
    streams = [ben.watch(ana) for _ in range(12)]
    for stream in streams:
        stream.snapshot()
    ana.beat(activity="hidden")
    for stream in streams:
        stream.sees(ana.id, "online")
    parent = town.site.process.pid
    children = _children(parent)
    assert len(children) == 3
    os.kill(children[0], signal.SIGKILL)
    wait_until(lambda: len(set(_children(parent)) - {children[0]}) == 3)
    wait_until(lambda: [stream.waiting() for stream in streams if not stream.is_cut] != [[]] * 12)
    left = [stream for stream in streams if not stream.is_cut]
    assert 0 < len(left) < 12
    ana.leave(final=True)
    for stream in left:
        stream.sees(ana.id, "offline")


def test_without_a_worker_nobody_expires_and_with_a_new_one_everybody_gets_a_lease(start_town):
    clocks = FAST | {"PRESENCE_HOLD_AFTER": "1", "PRESENCE_IDLE_AFTER": "60"}
    town = start_town(serve_options={"arguments": ()}, **clocks)
    worker = Worker(town.site)
    try:
        ana, chloe, ben = town.friends("ana", "chloe", "ben")
        stream = ben.watch(ana, chloe)
        # Whoever beats until the worker writes cannot expire before, however slowly it starts.
        with Beating(ana):
            stream.sees(ana.id, "online")
            with Beating(chloe):
                stream.sees(chloe.id, "online")
                wait_until(lambda: town.transitions(ana) == town.transitions(chloe) == ["online"])
                worker.kill()
        started = stream.comments
        # One comes each second: longer than the lease.
        stream.wait_until(lambda: stream.comments >= started + 6)
        assert stream.waiting() == []
        before = datetime.now(UTC)
        with Beating(chloe):
            worker = Worker(town.site)
            # Silence counts again, a lease after somebody was there to count it.
            gone = stream.sees(ana.id, "offline")
            assert instant(gone["since"]) - before >= timedelta(seconds=LEASE)
            # History went on where it was, and nobody who was heard meanwhile is in it.
            wait_until(lambda: town.transitions(ana) == ["online", "offline"])
            assert town.transitions(chloe) == ["online"]
            assert ben.record_of(chloe)["status"] == "online"
        assert worker.stop() == 0
        assert "Traceback" not in worker.read_log()
    finally:
        worker.kill()


def test_two_workers_write_every_transition_once(start_town):
    town = start_town(**FAST | {"PRESENCE_IDLE_AFTER": "60"})
    second = Worker(town.site)
    try:
        second.wait()
        (ben,) = town.people("ben")
        crowd = town.people(*["one"] * 40)
        stream = ben.watch(*crowd)
        stream.snapshot()
        for one in crowd:
            one.beat()
        offline: set[str] = set()
        while len(offline) < len(crowd):
            event = stream.next()
            gone = {user for user, each in event.records.items() if each["status"] == "offline"}
            assert not gone & offline, "nobody goes twice"
            offline |= gone
        wait_until(lambda: all(len(town.transitions(one)) == 2 for one in crowd))
        assert {tuple(town.transitions(one)) for one in crowd} == {("online", "offline")}
        assert second.stop() == 0
    finally:
        second.kill()


@KINDS
def test_abrupt_disconnects_leave_no_streams_behind(start_town, kind):
    # daphne notices some only with the next keep-alive: until then they count as streams of their user.
    town = start_town(kind, PRESENCE_MAX_USER_STREAMS="1000")
    ana, ben = town.friends("ana", "ben")
    for _ in range(4):
        streams = [ben.watch(ana) for _ in range(50)]
        for stream in streams[:25]:
            stream.snapshot()
        for number, stream in enumerate(streams):
            (stream.abort if number % 2 else stream.close)()
    wait_until(lambda: town.metric("presence_streams") == 0)
    last = ben.watch(ana)
    last.snapshot()
    assert town.metric("presence_streams") == 1
    ana.beat()
    last.sees(ana.id, "online")


@KINDS
def test_half_open_clients_hold_up_nobody(start_town, kind):
    town = start_town(kind)
    ana, ben = town.friends("ana", "ben")
    silent = [connect(town.site.port) for _ in range(100)]
    half = [connect(town.site.port) for _ in range(50)]
    try:
        for connection in half:
            connection.sendall(b"POST /presence/heartbeat HTTP/1.1\r\nHost: x\r\nContent-Le")
        stream = ben.watch(ana)
        assert ana.beat().status == 200
        stream.sees(ana.id, "online")
        code = town.site.stop()
        assert (
            code == 0 or kind == "daphne"
        )  # which now and then crashes in the interpreter's own end
    finally:
        for connection in silent + half:
            connection.close()


@KINDS
def test_who_never_reads_costs_bounded_memory_and_delays_nobody(start_town, kind):
    town = start_town(
        kind,
        PRESENCE_STALL_AFTER="3",
        PRESENCE_FLUSH_INTERVAL="0.02",
    )
    (ben,) = town.people("ben")
    crowd = town.people(*["one"] * 400)
    for one in crowd:
        one.beat()
    stuck = [ben.watch(*crowd, receive_buffer=2_048) for _ in range(10)]
    reader = ben.watch(*crowd)
    reader.snapshot()
    wait_until(lambda: town.metric("presence_streams") == 11)
    before = _memory(town)
    with ExitStack() as stack:
        for part in range(4):
            stack.enter_context(_churning(crowd[part::4]))
        if kind == "uvicorn":
            # Ten streams that accept nothing are ended; the one that reads goes on.
            wait_until(lambda: reader.waiting() and town.metric("presence_streams") == 1)
        for _ in range(50):
            assert reader.next().name == "presence"
    assert _memory(town) - before < 50_000_000
    del stuck


@contextmanager
def _churning(people):
    """People who change their minds without a pause."""
    ending = threading.Event()

    def churn():
        for activity in cycle(("idle", "active")):
            for one in people:
                if ending.is_set():
                    return
                one.beat(activity=activity)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _children(pid):
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _memory(town):
    """Bytes resident in the site's web processes."""
    pids = [town.site.process.pid, *_children(town.site.process.pid)]
    return sum(
        int(line.split()[1]) * 1024
        for pid in pids
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )

"""Redis is taken away and comes back, with and without its data."""

import pytest

from presence_project.embedded.folder import ServerFolder
from presence_project.embedded.valkey import Valkey
from tests.end_to_end.people import Beating, wait_until
from tests.end_to_end.sites import FAST

pytestmark = pytest.mark.parametrize("kind", ["uvicorn", "daphne"])

# Longer than any outage here: nobody may go offline for the store's fault.
PATIENT = FAST | {
    "PRESENCE_LEASE_AFTER": "8",
    "PRESENCE_STREAM_LEASE_AFTER": "8",
    "PRESENCE_IDLE_AFTER": "60",
}


def names_until(stream, wanted):
    """Read events until one is called `wanted`; return what they were called and showed."""
    events = [stream.next()]
    while events[-1].name != wanted:
        events.append(stream.next())
    return events


def statuses(events, person):
    return {event.records[person.id]["status"] for event in events if person.id in event.records}


def test_streams_and_heartbeats_survive_a_redis_that_lost_everything(start_town, kind):
    town = start_town(kind, **PATIENT)
    ana, eve, ben = town.friends("ana", "eve", "ben")
    stream = ben.watch(ana, eve)
    first = stream.snapshot()
    with Beating(ana) as beating:
        stream.sees(ana.id, "online")
        with Beating(eve):  # until the worker has started, however long that takes
            stream.sees(eve.id, "online")
            wait_until(lambda: town.transitions(eve) == ["online"])

        town.site.valkey.kill()
        stale = stream.wait_for("stale")
        assert stale.data["as_of"]
        wait_until(lambda: 503 in beating.statuses)
        assert set(filter(None, beating.retry_after)) and None not in beating.retry_after
        refused = ben.watch(ana)
        assert refused.status == 200, "any other status would end EventSource for good"
        assert refused.read_to_end()[-1].data["reason"] == "unavailable"

        town.site.valkey.start()
        events = names_until(stream, "fresh")
        # Neither who kept beating nor who was just about to is shown as gone.
        assert "offline" not in statuses(events, ana) | statuses(events, eve)
        answered = len(beating.statuses)
        wait_until(lambda: 200 in beating.statuses[answered:])
        snapshot = next(event for event in events if event.name == "snapshot")
        assert not snapshot.data["partial"]
        assert stream.last_id.split(".")[0] != first.cursor.split(".")[0], "a new epoch"
        # Eve never comes back: after the trust of one lease she is offline.
        stream.sees(eve.id, "offline")
        assert ben.record_of(ana)["status"] == "online"
    assert "offline" not in town.transitions(ana)


def test_streams_go_on_after_a_redis_that_kept_its_data(start_town, kind):
    folder = ServerFolder.temporary()
    folder.prepare()
    valkey = Valkey(folder, durable=True)
    valkey.start()
    try:
        town = start_town(kind, serve_options={"redis_url": valkey.url}, **PATIENT)
        ana, eve, ben = town.friends("ana", "eve", "ben")
        stream = ben.watch(ana, eve)
        epoch = stream.snapshot().cursor.split(".")[0]
        with Beating(ana):
            stream.sees(ana.id, "online")
            valkey.stop()
            stream.wait_for("stale")
            valkey.start()
            events = names_until(stream, "fresh")
            assert statuses(events, ana) <= {"online"}
            assert stream.last_id.split(".")[0] == epoch
            # Changes flow again by the channel layer, or by the log until it is back.
            wait_until(lambda: eve.beat().status == 200)
            stream.sees(eve.id, "online")
            # So does history: what a lost answer left with the recorder is written before what is new.
            wait_until(lambda: town.transitions(eve) == ["online"])
        assert town.transitions(ana) == ["online"]
    finally:
        valkey.stop()
        folder.remove()

"""How streams end by the server's wish: rotation, a stopping server; and what clients find afterwards."""

from tests.end_to_end.people import wait_until
from tests.end_to_end.sites import FAST
from tests.end_to_end.wire import ask


def test_an_old_stream_is_sent_away_and_resumes_where_it_was(own_town):
    town = own_town(PRESENCE_STREAM_AGE="1.5", PRESENCE_JITTER="0")
    ana, ben = town.friends("ana", "ben")
    ana.beat(activity="hidden")
    stream = ben.watch(ana, session="tab")
    stream.sees(ana.id, "online")
    *_, goodbye = stream.read_to_end()
    assert stream.is_ended and not stream.is_cut
    assert goodbye.name == "goodbye"
    assert goodbye.data["reason"] == "rotate"
    assert 0 < goodbye.data["retry_ms"] <= 6_000
    again = ben.watch(ana, session="tab", cursor=stream.last_id).snapshot()
    assert again.is_partial
    assert set(again.records) <= {ana.id}


def test_a_stopping_server_says_goodbye_and_nobody_goes_offline_by_it(own_town, kind):
    # Shorter than any restart: a grace that began with the end would show.
    town = own_town(PRESENCE_LEAVE_GRACE="0.2")
    ana, ben = town.friends("ana", "ben")
    mine, watching = ana.watch(session="tab"), ben.watch(ana)
    watching.sees(ana.id, "online")
    mine.snapshot()
    watching.wait_until(lambda: watching.last_id is not None)
    code = town.site.stop()
    for stream in (mine, watching):
        *_, goodbye = stream.read_to_end()
        assert (goodbye.name, goodbye.data["reason"]) == ("goodbye", "drain")
    if kind == "uvicorn":  # daphne now and then crashes in the interpreter's own end
        assert code == 0
        assert mine.is_ended and watching.is_ended
    town.site.start()
    mine = ana.watch(session="tab", cursor=mine.last_id)
    again = ben.watch(ana, cursor=watching.last_id)
    assert again.snapshot().is_partial
    mine.snapshot()
    mine.wait_until(lambda: mine.comments >= 2)
    shown = [event.records[ana.id]["status"] for event in again.waiting()]
    assert "offline" not in shown
    wait_until(lambda: town.transitions(ana) == ["online"])


def test_a_stopping_server_spreads_when_its_clients_come_back(own_town, kind):
    town = own_town(PRESENCE_DRAIN_AFTER="3")
    ana = town.person("ana")
    streams = [ana.watch(ana) for _ in range(4)]
    for stream in streams:
        stream.snapshot()
    town.site.process.terminate()
    goodbyes = [stream.read_to_end()[-1] for stream in streams]
    assert {goodbye.data["reason"] for goodbye in goodbyes} == {"drain"}
    # Or all would be back in the same moment.
    assert len({goodbye.data["retry_ms"] for goodbye in goodbyes}) > 1
    code = town.site.process.wait(20)
    assert code == 0 or kind == "daphne"


def test_silence_counts_on_a_server_where_nobody_ever_watched(own_town):
    town = own_town(**FAST)
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    assert ben.record_of(ana)["status"] == "online"
    wait_until(lambda: ben.record_of(ana)["status"] == "offline")


def test_probes_and_metrics_answer(town):
    port = town.site.port
    assert ask(port, "GET", "/healthz").json == {"status": "ok"}
    wait_until(lambda: ask(port, "GET", "/readyz").status == 200)
    assert ask(port, "GET", "/readyz").json["status"] == "ok"
    figures = ask(port, "GET", "/metrics")
    assert figures.headers["content-type"].startswith("text/plain")

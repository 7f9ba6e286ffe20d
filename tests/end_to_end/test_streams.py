"""What a stream promises: its head, its beginning, its keep-alives, and resuming where one was."""

import time

import pytest

from tests.end_to_end.people import wait_until
from tests.end_to_end.wire import ask


def test_the_head_lets_no_proxy_hold_the_stream_back(town):
    (ben,) = town.people("ben")
    stream = ben.watch(ben)
    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert stream.headers["cache-control"] == "no-cache, no-transform"
    assert stream.headers["x-accel-buffering"] == "no"
    assert "content-length" not in stream.headers


def test_a_stream_begins_with_its_retry_and_a_snapshot(town):
    (ben,) = town.people("ben")
    stream = ben.watch()
    shown = stream.snapshot()
    assert stream.retry == 3000
    assert shown.records == {}
    assert shown.cursor == stream.last_id
    assert shown.pages[0].data["stale_after_ms"] == 3000


def test_a_silent_stream_is_kept_alive_by_comments(town):
    (ben,) = town.people("ben")
    stream = ben.watch(ben)
    first = stream.snapshot().cursor
    stream.wait_until(lambda: stream.comments >= 2)
    assert stream.waiting() == []
    # Comments move the cursor: who comes back after a silence asks for what is new alone.
    stream.wait_until(lambda: stream.last_id != first)


def test_pings_are_events_for_whom_comments_do_not_reach(town):
    (ben,) = town.people("ben")
    stream = ben.watch(ben, ping="1")
    stream.snapshot()
    assert stream.next().name == "ping"
    assert stream.next().name == "ping"


def test_a_stream_shows_the_users_it_names_and_the_contacts(town):
    ana, ben = town.friends("ana", "ben")
    chloe, dan = town.people("chloe", "dan")
    assert set(ben.watch(ana, chloe).snapshot().records) == {ana.id, chloe.id}
    # One's own record belongs to one's contacts: all of one's devices agree.
    assert set(ben.watch(contacts="1").snapshot().records) == {ana.id, ben.id}
    everybody = ben.watch(chloe, contacts="1").snapshot().records
    assert set(everybody) == {ana.id, ben.id, chloe.id}
    stream = ben.watch(chloe)
    stream.snapshot()
    dan.beat()  # nobody asked for Dan
    ana.beat()
    chloe.beat()
    assert set(stream.next().records) == {chloe.id}


def test_more_than_500_users_come_in_pages_and_only_the_last_moves_the_cursor(town):
    (ben,) = town.people("ben")
    crowd = town.people(*["one"] * 620)
    crowd[3].beat()
    shown = ben.watch(*crowd).snapshot()
    assert [len(page.records) for page in shown.pages] == [500, 120]
    assert [page.data["partial"] for page in shown.pages] == [False, True]
    assert [page.id is None for page in shown.pages] == [True, False]
    assert set(shown.records) == {one.id for one in crowd}
    assert [one for one in crowd if shown.records[one.id]["status"] == "online"] == [crowd[3]]


@pytest.mark.parametrize("way", ["cursor", "Last-Event-ID"])
def test_who_comes_back_gets_only_what_changed(town, way):
    ana, chloe, dan, ben = town.friends("ana", "chloe", "dan", "ben")
    stream = ben.watch(contacts="1")
    assert len(stream.snapshot().records) == 4
    chloe.beat()
    stream.sees(chloe.id, "online")
    # A cursor may trail what was delivered; soon after the change it has passed it.
    passed = stream.last_id
    stream.wait_until(lambda: stream.last_id != passed)
    cursor = stream.last_id
    stream.close()
    ana.beat()

    again = (
        ben.watch(contacts="1", cursor=cursor)
        if way == "cursor"
        else ben.watch(contacts="1", cursor="0.0", headers={"Last-Event-ID": cursor})
    )
    shown = again.snapshot()
    assert shown.is_partial
    assert shown.records[ana.id]["status"] == "online"
    assert dan.id not in shown.records
    dan.beat()
    again.sees(dan.id, "online")


def test_the_cursor_of_another_epoch_gets_everything(town):
    ana, ben = town.friends("ana", "ben")
    _, at = ben.watch(ana).snapshot().cursor.split(".")
    shown = ben.watch(ana, cursor=f"0abc.{at}").snapshot()
    assert not shown.is_partial
    assert set(shown.records) == {ana.id}


def test_a_cursor_from_the_future_gets_everything(town):
    ana, ben = town.friends("ana", "ben")
    epoch, at = ben.watch(ana).snapshot().cursor.split(".")
    assert not ben.watch(ana, cursor=f"{epoch}.{int(at) + 3_600_000}").snapshot().is_partial


def test_streams_live_and_keep_their_session_longer_than_any_lease_and_socket_timeout(
    fast_town,
):
    ana, ben = fast_town.friends("ana", "ben")
    stream = ben.watch(ana)
    mine = ana.watch(session="tab", device="desktop")
    assert stream.sees(ana.id, "online")["devices"] == ["desktop"]
    stream.sees(ana.id, "away")  # nobody touches anything
    began = time.monotonic()
    # The lease is 3 s, and Redis clients give a silent connection 5 s.
    stream.wait_until(lambda: time.monotonic() - began > 5.5)
    assert stream.waiting() == []
    assert ben.record_of(ana)["status"] == "away"
    mine.close()
    gone = stream.sees(ana.id, "offline")
    assert gone["last_seen"] < gone["since"]


@pytest.mark.parametrize("end", ["close", "abort"])
def test_a_dropped_connection_that_is_back_within_the_grace_shows_no_flicker(town, end):
    ana, eve, ben = town.friends("ana", "eve", "ben")
    watching = ben.watch(ana, eve)
    first = ana.watch(session="tab")
    watching.sees(ana.id, "online")
    eve.beat(activity="hidden")
    watching.sees(eve.id, "online")
    getattr(first, end)()
    # The server has heard of it once the session is leaving.
    wait_until(lambda: "leaving" in ana.api("GET", "me/sessions/").body.decode())
    ana.watch(session="tab").snapshot()
    eve.leave()
    # Eve left after Ana's connection broke: her grace ends later.
    event = watching.next()
    assert set(event.records) == {eve.id}
    assert event.records[eve.id]["status"] == "offline"


def test_a_change_of_rules_reaches_open_streams(town):
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    stream = ben.watch(ana)
    stream.sees(ana.id, "online")
    blocked = ana.api("POST", "me/blocks/", {"user": ben.id})
    assert blocked.status in (200, 201), blocked.body
    hidden = stream.sees(ana.id, "offline")
    assert (hidden["last_seen"], hidden["since"], hidden["devices"]) == (None, None, [])
    ana.beat("other")
    assert ana.api("DELETE", f"me/blocks/{ben.id}/").status == 204
    stream.sees(ana.id, "online")


def test_an_invisible_user_leaves_no_trace_on_a_stream(town):
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    stream = ben.watch(ana)
    stream.sees(ana.id, "online")
    chosen = ana.api("PUT", "me/status/", {"availability": "invisible"})
    assert chosen.status == 200, chosen.body
    gone = stream.sees(ana.id, "offline")
    assert gone["devices"] == []
    assert gone["last_seen"] is not None
    ana.beat("another", device="mobile")
    ana.leave("another", final=True)
    # Whatever Ana does now is hers alone: the next that is heard of her is what she shows.
    assert ana.api("PUT", "me/status/", {"availability": "busy"}).status == 200
    ana.beat()
    assert stream.next().records[ana.id]["status"] == "busy"


def test_streams_go_on_beside_each_other(town):
    ana, ben = town.friends("ana", "ben")
    streams = [ben.watch(ana) for _ in range(40)]
    for stream in streams:
        stream.snapshot()
    ana.beat()
    versions = {stream.sees(ana.id, "online")["version"] for stream in streams}
    assert len(versions) == 1
    assert ask(town.site.port, "GET", "/readyz").json["checks"]["following"] == "ok"

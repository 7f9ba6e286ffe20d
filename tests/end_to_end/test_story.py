"""Ben watches Ana come and go: the stream, the API, history and the admin tell one story."""

from datetime import datetime

import httpx
import pytest

from tests.end_to_end.people import PASSWORD, wait_until
from tests.end_to_end.sites import LEASE
from tests.end_to_end.wire import ask


def instant(text):
    return datetime.fromisoformat(text)


def test_ben_sees_ana_come_and_leave(town):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch(contacts="1")
    shown = stream.snapshot()
    assert set(shown.records) == {ana.id, ben.id}
    assert shown.records[ana.id]["status"] == "offline"
    assert shown.records[ana.id]["last_seen"] is None
    assert not shown.is_partial

    beat = ana.beat(device="mobile").json
    assert beat["status"] == "online"
    assert beat["lease_ms"] == 60_000
    assert 0 < beat["next_in_ms"] <= 30_000
    online = stream.sees(ana.id, "online")
    assert online["devices"] == ["mobile"]
    assert online["last_seen"] is None

    left = ana.leave()
    assert (left.status, left.body) == (204, b"")
    offline = stream.sees(ana.id, "offline")
    # The leave is the last proof of life; the grace after it is not.
    assert instant(offline["last_seen"]) < instant(offline["since"])
    assert instant(offline["last_seen"]) >= instant(beat["now"])
    assert offline["version"] > online["version"]
    assert offline["devices"] == []
    assert ben.record_of(ana) == offline


def test_history_and_the_admin_tell_the_same_story(town):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch(ana)
    ana.beat()
    stream.sees(ana.id, "online")
    ana.beat(activity="idle")
    stream.sees(ana.id, "away")
    ana.leave(final=True)
    gone = stream.sees(ana.id, "offline")

    wait_until(lambda: town.transitions(ana) == ["online", "away", "offline"])
    told = ben.api("GET", f"presence/{ana.id}/history/").json
    shown = [(each["before"], each["after"]) for each in told["results"]]
    assert shown == [("away", "offline"), ("online", "away"), ("offline", "online")]
    assert told["results"][0]["last_seen"] == gone["last_seen"]

    with httpx.Client(base_url=town.site.url, follow_redirects=True, timeout=15) as browser:
        page = browser.get("/admin/login/")
        entered = browser.post(
            "/admin/login/?next=/admin/presence/transition/",
            data={
                "username": "admin",
                "password": PASSWORD,
                "csrfmiddlewaretoken": browser.cookies["csrftoken"],
            },
            headers={"Referer": str(page.url)},
        )
        assert entered.status_code == 200, entered.text[:500]
        listed = browser.get("/admin/presence/transition/", params={"q": ana.name})
        assert listed.text.count(f">{ana.name} <span") == 3
        seen = browser.get("/admin/presence/lastseen/", params={"q": ana.name})
        assert ana.name in seen.text


@pytest.mark.parametrize("way", ["header", "cookie", "query"])
def test_a_token_from_the_api_opens_a_stream(town, way):
    ana, ben = town.friends("ana", "ben")
    port = town.site.port
    pair = ask(
        port, "POST", "/api/v1/token/", body={"username": ben.name, "password": PASSWORD}
    ).json
    bearer = {"Authorization": f"Bearer {pair['access']}"}
    issued = ask(port, "POST", "/api/v1/presence/token/", headers=bearer)
    token = issued.json["token"]
    assert f"presence_token={token}" in issued.headers["set-cookie"]
    assert "HttpOnly" in issued.headers["set-cookie"]
    headers, query = {
        "header": (bearer, ""),
        "cookie": ({"Cookie": f"other=1; presence_token={token}; more=2"}, ""),
        "query": ({}, f"&token={token}"),
    }[way]
    stream = town.open(f"/presence/stream?contacts=1{query}", headers)
    assert stream.status == 200
    assert set(stream.snapshot().records) == {ana.id, ben.id}


@pytest.mark.parametrize("way", ["header", "cookie", "body"])
def test_a_token_from_the_api_proves_heartbeats_and_leaves(town, way):
    ana, ben = town.friends("ana", "ben")
    port = town.site.port
    stream = ben.watch(ana)
    stream.snapshot()
    headers = {"header": ana.headers}.get(way, {"Cookie": f"presence_token={ana.token}"})
    beat = ask(port, "POST", "/presence/heartbeat", body={"session": "tab"}, headers=headers)
    assert beat.status == 200, beat.body
    stream.sees(ana.id, "online")
    goodbye = {"session": "tab", "final": True}
    if way == "body":  # sendBeacon can send no header and has a content type of its own
        headers = {"Content-Type": "text/plain;charset=UTF-8"}
        goodbye["token"] = ana.token
    assert ask(port, "POST", "/presence/leave", body=goodbye, headers=headers).status == 204
    stream.sees(ana.id, "offline")


def test_silence_ends_presence_after_the_lease(fast_town):
    ana, ben = fast_town.friends("ana", "ben")
    beat = ana.beat().json
    # No stream is needed for that: the API alone shows it.
    wait_until(lambda: ben.record_of(ana)["status"] == "offline")
    shown = ben.record_of(ana)
    silence = (instant(shown["since"]) - instant(beat["now"])).total_seconds()
    assert silence >= LEASE
    assert shown["last_seen"] == beat["now"]


def test_a_final_leave_needs_no_grace(town):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch(ana)
    ana.beat()
    stream.sees(ana.id, "online")
    ana.leave(final=True)
    shown = stream.sees(ana.id, "offline")
    assert shown["last_seen"] == shown["since"]


def test_a_leave_within_the_grace_can_be_taken_back_without_a_flicker(town):
    ana, eve, ben = town.friends("ana", "eve", "ben")
    stream = ben.watch(ana, eve)
    for person in (ana, eve):
        person.beat()
        stream.sees(person.id, "online")
    ana.leave()
    assert ana.beat().json["status"] == "online"
    eve.leave()
    ana.beat()
    # When Eve's grace is over, so is the one that Ana's leave began.
    assert set(stream.next().records) == {eve.id}
    assert ben.record_of(ana)["status"] == "online"


def test_hidden_is_not_away_and_idle_is(town):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch(ana)
    stream.snapshot()
    hidden = ana.beat(activity="hidden").json
    assert hidden["lease_ms"] == 150_000
    assert stream.next().records[ana.id]["status"] == "online"
    ana.beat(activity="idle")
    assert stream.next().records[ana.id]["status"] == "away"
    ana.beat(activity="active")
    assert stream.next().records[ana.id]["status"] == "online"


def test_a_session_without_activity_goes_away_by_itself(fast_town):
    ana, ben = fast_town.friends("ana", "ben")
    stream = ben.watch(ana)
    stream.snapshot()
    # Hidden for longer than the idle time: the lease lasts, the activity does not.
    ana.beat(activity="hidden")
    assert stream.next().records[ana.id]["status"] == "online"
    assert stream.next().records[ana.id]["status"] == "away"


def test_one_of_two_sessions_is_enough(town):
    ana, eve, ben = town.friends("ana", "eve", "ben")
    stream = ben.watch(ana, eve)
    ana.beat("phone", device="mobile", activity="hidden")
    assert stream.sees(ana.id, "online")["devices"] == ["mobile"]
    ana.beat("laptop", device="web")
    assert stream.sees(ana.id, "online")["devices"] == ["mobile", "web"]
    ana.leave("laptop", final=True)
    assert stream.sees(ana.id, "online")["devices"] == ["mobile"]
    assert {each["session"] for each in ana.api("GET", "me/sessions/").json["sessions"]} == {
        "phone"
    }


def test_all_of_ones_devices_agree_on_what_one_chose(town):
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    laptop, other = ana.watch(ana), ben.watch(ana)
    laptop.sees(ana.id, "online")
    chosen = {"availability": "busy", "message": {"text": "in a meeting", "emoji": "📅"}}
    assert ana.api("PUT", "me/status/", chosen).status == 200
    # The choice and the message are two changes, of which either may come first.
    seen = other.sees(ana.id, "busy")
    while seen["message"] is None:
        seen = other.sees(ana.id, "busy")
    assert seen["message"]["text"] == "in a meeting"
    assert "me" not in seen
    mine = laptop.sees(ana.id, "busy")
    while mine["me"]["message"] is None:
        mine = laptop.sees(ana.id, "busy")
    assert mine["me"]["availability"] == "busy"

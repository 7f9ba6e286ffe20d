"""Claims: what an application says of somebody, and what it covers."""

from tests.end_to_end.features.saying import (
    application,
    block,
    choose,
    claim,
    instant,
    ok,
    own_record,
    soon,
    why,
)


def test_a_claim_covers_what_was_there_and_gives_it_back(town):
    ana, ben = town.friends("ana", "ben")
    calls = application(town)
    stream = ben.watch(ana)
    ana.beat()
    before = stream.sees(ana.id, "online")
    said = ok(claim(calls, ana, priority=70))
    assert (said["app"], said["status"], said["label"]) == (calls.name, "busy", "in a call")
    assert said["priority"] == 70
    assert "label" not in stream.sees(ana.id, "busy")
    ok(calls.api("DELETE", f"presence/{ana.id}/claim/"), 204)
    after = stream.sees(ana.id, "online")
    assert (after["devices"], after["message"]) == (before["devices"], before["message"])
    assert calls.api("DELETE", f"presence/{ana.id}/claim/").is_problem(404)


def test_a_claim_ends_by_itself(town):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch(ana)
    ana.beat()
    end = soon(3)
    ok(claim(application(town), ana, until=end))
    stream.sees(ana.id, "busy")
    assert instant(stream.sees(ana.id, "online")["since"]) >= instant(end)
    assert why(ana)["claims"] == []


def test_ones_own_choice_stands_above_every_claim(town):
    ana, ben = town.friends("ana", "ben")
    calls = application(town)
    ana.beat()
    choose(ana, "away")
    ok(claim(calls, ana, priority=100))
    told = why(ana)
    assert (told["rule"], told["status"]) == ("choice", "away")
    assert ben.record_of(ana)["status"] == "away"
    choose(ana, "auto")
    told = why(ana)
    assert (told["rule"], told["by"], told["status"]) == ("claim", calls.name, "busy")
    assert ben.record_of(ana)["status"] == "busy"


def test_of_several_claims_the_highest_wins_then_the_youngest(town):
    (ana,) = town.people("ana")
    ana.beat()
    calls, calendar, desk = (application(town, name) for name in ("calls", "calendar", "desk"))
    ok(claim(calendar, ana, "away", priority=10))
    ok(claim(calls, ana, "busy", priority=90))
    ok(claim(desk, ana, "away", priority=90))
    assert (why(ana)["by"], why(ana)["status"]) == (desk.name, "away")
    ok(desk.api("DELETE", f"presence/{ana.id}/claim/"), 204)
    assert (why(ana)["by"], why(ana)["status"]) == (calls.name, "busy")
    ok(calls.api("DELETE", f"presence/{ana.id}/claim/"), 204)
    assert (why(ana)["by"], why(ana)["status"]) == (calendar.name, "away")


def test_an_idle_hidden_tab_is_not_away_while_a_call_lives(town):
    ana, ben = town.friends("ana", "ben")
    calls = application(town)
    stream = ben.watch(ana)
    ana.beat(activity="idle")
    stream.sees(ana.id, "away")
    ok(claim(calls, ana, "online"))
    ana.beat(activity="hidden")
    stream.sees(ana.id, "online")
    assert why(ana)["rule"] == "claim"
    ok(calls.api("DELETE", f"presence/{ana.id}/claim/"), 204)
    stream.sees(ana.id, "away")


def test_a_claim_does_not_make_somebody_present(town):
    ana, ben = town.friends("ana", "ben")
    ok(claim(application(town), ana, "online"))
    assert ben.record_of(ana)["status"] == "offline"


def test_one_sees_who_claims_what_of_one(town):
    (ana,) = town.people("ana")
    calls = application(town)
    own = ana.watch(contacts="1", session="tab")
    end = soon(60)
    ok(claim(calls, ana, until=end))
    expected = {"app": calls.name, "status": "busy", "label": "in a call", "until": end}
    own_record(own, ana, "claims", [expected])
    ok(calls.api("DELETE", f"presence/{ana.id}/claim/"), 204)
    own_record(own, ana, "claims", [])


def test_without_the_right_nobody_claims(town):
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    assert claim(ben, ana).is_problem(403)
    assert ben.api("DELETE", f"presence/{ana.id}/claim/").is_problem(403)
    assert why(ana)["claims"] == []


def test_who_blocks_an_application_is_claimed_by_it_no_more(town):
    (ana,) = town.people("ana")
    calls = application(town)
    block(ana, calls)
    assert claim(calls, ana).is_problem(404)
    assert why(ana)["claims"] == []


def test_what_no_claim_can_say_is_refused_by_name(town):
    (ana,) = town.people("ana")
    calls = application(town)
    ana.beat()
    for wrong, field in (
        ({"status": "offline"}, "status"),
        ({"status": "invisible"}, "status"),
        ({"status": 1}, "status"),
        ({"label": "x" * 81}, "label"),
        ({"label": "a\u0007b"}, "label"),
        ({"priority": 101}, "priority"),
        ({"priority": -1}, "priority"),
        ({"until": soon(-5)}, "until"),
        ({"until": soon(90_000)}, "until"),
        ({"until": None}, "until"),
        ({"since": soon(5)}, "since"),
    ):
        assert claim(calls, ana, **wrong).is_problem(400, field), wrong
    assert (
        calls.api("PUT", "presence/999999999/claim/", {"status": "busy", "until": soon(60)}).status
        == 404
    )
    assert why(ana)["claims"] == []

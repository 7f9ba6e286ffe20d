"""Alerts: "tell me when 42 is online", once, within a time. Set queries: how many, without saying who."""

from tests.end_to_end.features.saying import block, choose, instant, ok, poll, privacy, soon
from tests.end_to_end.people import wait_until

NO_CURSOR = "0abc.1"


def wish(person, other, **more):
    """Have `person` wait for `other`."""
    return person.api("POST", "me/alerts/", {"user": other.id, **more})


def test_one_is_told_once_on_the_stream_and_in_the_next_poll(town):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch()  # nobody is watched; the alert comes all the same
    stream.snapshot()
    asked = ok(wish(ben, ana), 201)
    assert asked["user"] == ana.id
    assert instant(asked["until"]) > instant(soon(0))
    ana.beat(activity="idle")  # away is not what was asked for
    ana.beat()
    told = stream.wait_for("alert").data
    assert (told["user"], told["status"]) == (ana.id, "online")
    assert [each["user"] for each in poll(ben, NO_CURSOR)["alerts"]] == [ana.id]
    assert poll(ben, NO_CURSOR)["alerts"] == []

    ana.leave(final=True)
    ana.beat()
    ok(wish(ben, ana))
    dan = town.person("dan")
    ok(wish(ben, dan), 201)
    dan.beat()
    assert stream.wait_for("alert").data["user"] == dan.id  # Ana's second coming was not told


def test_who_is_online_already_is_told_at_once(town):
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    assert ok(wish(ben, ana)) == {"user": ana.id, "status": "online"}
    ana.leave(final=True)
    ana.beat()
    assert poll(ben, NO_CURSOR)["alerts"] == []


def test_a_wish_that_has_ended_is_not_fulfilled(town):
    ana, dan, ben = town.friends("ana", "dan", "ben")
    end = soon(3)
    ok(wish(ben, ana, until=end), 201)
    ok(wish(ben, dan), 201)
    wait_until(lambda: instant(soon(0)) > instant(end))
    stream = ben.watch()
    ana.beat()
    dan.beat()
    assert stream.wait_for("alert").data["user"] == dan.id
    assert [each["user"] for each in poll(ben, NO_CURSOR)["alerts"]] == [dan.id]


def test_a_wish_can_be_taken_back(town):
    ana, dan, ben = town.friends("ana", "dan", "ben")
    ok(wish(ben, ana), 201)
    ok(wish(ben, dan), 201)
    ok(ben.api("DELETE", f"me/alerts/{ana.id}/"), 204)
    assert ben.api("DELETE", f"me/alerts/{ana.id}/").is_problem(404)
    stream = ben.watch()
    ana.beat()
    dan.beat()
    assert stream.wait_for("alert").data["user"] == dan.id


def test_an_invisible_person_is_waited_for_until_they_show(town):
    ana, dan, ben = town.friends("ana", "dan", "ben")
    choose(ana, "invisible")
    ana.beat()
    ok(wish(ben, ana), 201)
    ok(wish(ben, dan), 201)
    stream = ben.watch()
    ana.beat("phone")
    dan.beat()
    assert stream.wait_for("alert").data["user"] == dan.id
    choose(ana, "auto")
    assert stream.wait_for("alert").data["user"] == ana.id


def test_who_blocks_one_meanwhile_is_not_told_of(town):
    ana, dan, ben = town.friends("ana", "dan", "ben")
    ok(wish(ben, ana), 201)
    ok(wish(ben, dan), 201)
    block(ana, ben)
    stream = ben.watch()
    ana.beat()
    dan.beat()
    assert stream.wait_for("alert").data["user"] == dan.id
    assert [each["user"] for each in poll(ben, NO_CURSOR)["alerts"]] == [dan.id]


def test_wishes_that_cannot_be_are_refused(town):
    ana, ben = town.friends("ana", "ben")
    (eve,) = town.people("eve")
    privacy(ana, status="contacts")
    assert wish(ben, ben).is_problem(400, "user")
    assert wish(ben, ana, until=soon(-1)).is_problem(400, "until")
    assert wish(ben, ana, until=soon(31 * 86_400)).is_problem(400, "until")
    assert wish(ben, ana, until="tomorrow").is_problem(400, "until")
    hidden = wish(eve, ana)
    assert hidden.is_problem(404)
    unknown = eve.api("POST", "me/alerts/", {"user": "999999999"})
    assert (hidden.status, hidden.body) == (unknown.status, unknown.body)


def test_a_set_query_says_how_many_and_never_who(town):
    ana, chloe, dan, emil, ben = town.friends("ana", "chloe", "dan", "emil", "ben")
    ana.beat()
    chloe.beat(activity="idle")
    dan.beat()
    block(dan, ben)
    group = [ana.id, chloe.id, dan.id, emil.id, "999999999"]
    answer = ben.api("POST", "presence/count/", {"users": group})
    assert ok(answer) == {"visible": 3, "available": 1, "reachable": 2, "stale_after_ms": 3000}
    choose(ana, "invisible")
    counted = ok(ben.api("POST", "presence/count/", {"users": group}))
    assert counted == {"visible": 3, "available": 0, "reachable": 1, "stale_after_ms": 3000}
    many = [f"u{number}" for number in range(1_001)]
    assert ben.api("POST", "presence/count/", {"users": many}).is_problem(400, "users")
    assert ben.api("POST", "presence/count/", {"users": ["a b"]}).is_problem(400, "users.0")
    assert ben.api("POST", "presence/count/", {}).is_problem(400, "users")

"""Rooms: who is here, on the stream and by request, and who may know."""

from tests.end_to_end.features.saying import (
    block,
    choose,
    ok,
    own_record,
    room_once,
    users_in,
    why,
)
from tests.end_to_end.people import wait_until

LISTED = 50


def room_of(person, room):
    """What `person` is told of `room`."""
    return ok(person.api("GET", f"rooms/{room}/"))


def test_who_enters_changes_and_leaves_is_told_on_the_stream(town):
    ana, ben = town.friends("ana", "ben")
    room = f"lobby-{ana.id}"
    stream = ben.watch(rooms=room)
    first = stream.wait_for("room")
    assert first.data == {"room": room, "count": 0, "whole": True, "users": []}
    assert first.id is not None
    ana.beat(rooms=[room])
    entered = room_once(stream, lambda view: view["count"] == 1)
    assert (users_in(entered), entered["users"][0]["status"]) == ([ana.id], "online")
    choose(ana, "busy")
    room_once(stream, lambda view: view["users"][0]["status"] == "busy")
    ana.beat("phone", device="mobile", rooms=[room])
    room_once(stream, lambda view: view["users"][0]["devices"] == ["mobile", "web"])
    ana.beat(rooms=[])
    assert room_of(ben, room)["count"] == 1  # the phone is still in
    ana.beat("phone", device="mobile")
    assert room_once(stream, lambda view: view["count"] == 0)["users"] == []
    ana.beat(rooms=[room])
    room_once(stream, lambda view: view["count"] == 1)
    ana.leave(final=True)
    ana.leave("phone", final=True)
    room_once(stream, lambda view: view["count"] == 0)


def test_a_room_can_be_asked_for(town):
    ana, ben = town.friends("ana", "ben")
    room = f"lobby-{ana.id}"
    ana.beat(rooms=[room, "another"])
    told = room_of(ben, room)
    assert (told["room"], told["count"], told["whole"]) == (room, 1, True)
    assert told["users"] == [ben.record_of(ana)]
    assert room_of(ben, "nobody-is-here")["count"] == 0


def test_the_invisible_are_in_no_room(town):
    ana, chloe, ben = town.friends("ana", "chloe", "ben")
    room = f"lobby-{ana.id}"
    ana.beat(rooms=[room])
    stream = ben.watch(rooms=room)
    room_once(stream, lambda view: users_in(view) == [ana.id])
    choose(ana, "invisible")
    room_once(stream, lambda view: view["count"] == 0)
    ana.beat("phone", rooms=[room])
    chloe.beat(rooms=[room])
    assert users_in(room_once(stream, lambda view: view["count"])) == [chloe.id]
    assert (room_of(ben, room)["count"], users_in(room_of(ben, room))) == (1, [chloe.id])
    choose(ana, "auto")
    room_once(stream, lambda view: view["count"] == 2)


def test_whom_one_may_not_see_is_not_listed_and_not_counted(town):
    ana, chloe, ben = town.friends("ana", "chloe", "ben")
    room = f"lobby-{ana.id}"
    ana.beat(rooms=[room])
    chloe.beat(rooms=[room])
    stream = ben.watch(rooms=room)
    assert room_once(stream, lambda view: view["count"] == 2)["whole"]
    block(ana, ben)
    assert users_in(room_once(stream, lambda view: view["count"] == 1)) == [chloe.id]
    assert users_in(room_of(ben, room)) == [chloe.id]
    assert room_of(chloe, room)["count"] == 2
    assert users_in(room_of(ana, room)) == sorted(
        [ana.id, chloe.id], key=users_in(room_of(ana, room)).index
    )


def test_of_a_crowd_one_is_told_the_count_and_a_sample(town):
    crowd = town.people(*["fan"] * (LISTED + 3))
    (ben,) = town.people("ben")
    room = f"arena-{ben.id}"
    stream = ben.watch(rooms=room)
    for fan in crowd:
        ok(fan.beat(rooms=[room]))
    told = room_once(stream, lambda view: view["count"] == LISTED + 3)
    assert told["whole"] is False
    assert len(users_in(told)) == len(set(users_in(told))) == LISTED
    assert set(users_in(told)) <= {fan.id for fan in crowd}
    for fan in crowd[:4]:
        fan.leave(final=True)
    told = room_once(stream, lambda view: view["count"] == LISTED - 1)
    assert told["whole"] is True
    assert sorted(users_in(told)) == sorted(fan.id for fan in crowd[4:])


def test_the_sites_rule_says_who_enters_and_who_watches(town):
    ana, ben = town.friends("ana", "ben")
    refused = ben.beat(rooms=[f"own-{ana.id}"])
    assert refused.is_problem(400, "rooms")
    assert why(ben)["sessions"] == []
    ok(ana.beat(rooms=[f"own-{ana.id}", f"stage-{ben.id}"]))
    assert room_of(ana, f"own-{ana.id}")["count"] == 1
    assert ben.api("GET", f"rooms/own-{ana.id}/").is_problem(404)
    assert ana.api("GET", f"rooms/stage-{ben.id}/").is_problem(404)
    stream = ben.watch(rooms=f"own-{ana.id},stage-{ben.id}")
    assert stream.wait_for("room").data["room"] == f"stage-{ben.id}"
    ana.leave(final=True)
    room_once(stream, lambda view: view["count"] == 0)
    assert "room" not in [event.name for event in stream.waiting()]


def test_a_room_ends_with_the_session_that_was_in_it(fast_town):
    ana, ben = fast_town.friends("ana", "ben")
    room = f"lobby-{ana.id}"
    ana.beat(rooms=[room])
    assert room_of(ben, room)["count"] == 1
    wait_until(lambda: room_of(ben, room)["count"] == 0)


def test_ones_own_sessions_say_which_rooms_they_are_in(town):
    (ana,) = town.people("ana")
    stream = ana.watch(contacts="1")
    stream.snapshot()
    ana.beat(rooms=["lobby", "kitchen"])
    session = {"id": "tab", "device": "web", "activity": "active", "rooms": ["lobby", "kitchen"]}
    own_record(stream, ana, "sessions", [session])


def test_too_many_rooms_and_what_is_no_room_are_refused(town):
    (ana,) = town.people("ana")
    ok(ana.beat(rooms=[f"r{number}" for number in range(20)]))
    rooms = [f"r{number}" for number in range(21)]
    assert ana.beat("other", rooms=rooms).is_problem(400, "rooms")
    assert ana.watch(rooms=",".join(rooms)).status == 400
    for wrong in ("", "x" * 65, "a b", "a,b", "tab\t", "\u202eabc"):
        assert ana.beat("other", rooms=[wrong]).is_problem(400, "rooms"), wrong
    assert ana.beat("other", rooms="lobby").is_problem(400, "rooms")
    assert [each["session"] for each in why(ana)["sessions"]] == ["tab"]

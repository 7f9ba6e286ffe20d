"""The protocol to the letter: pages, cursors, epochs, polls and how long what one knows counts."""

import pytest
import redis

from tests.end_to_end.features.saying import block, choose, ok, poll, soon, until, why
from tests.end_to_end.people import wait_until
from tests.end_to_end.wire import ask

STALE_AFTER = 3_000  # three keep-alives of a second


def test_a_snapshot_of_more_than_500_comes_in_pages(town):
    (ben,) = town.people("ben")
    crowd = town.people(*["member"] * 501)
    stream = ben.watch(*crowd)
    pages = stream.snapshot().pages
    assert [len(page.records) for page in pages] == [500, 1]
    assert [page.data["partial"] for page in pages] == [False, True]
    assert [page.data["more"] for page in pages] == [True, False]
    # Only the last page moves the cursor: whoever breaks off in between begins anew.
    assert [page.id is None for page in pages] == [True, False]
    assert {user for page in pages for user in page.records} == {each.id for each in crowd}


def test_a_resumed_stream_tells_only_what_changed(town):
    ana, chloe, ben = town.friends("ana", "chloe", "ben")
    first = ben.watch(ana, chloe)
    start = first.snapshot()
    first.close()
    ana.beat()
    for proof in ({"cursor": start.cursor}, {"headers": {"Last-Event-ID": start.cursor}}):
        resumed = ben.watch(ana, chloe, **proof).snapshot()
        assert resumed.is_partial
        assert set(resumed.records) == {ana.id}
        assert resumed.records[ana.id]["status"] == "online"


def test_snapshot_and_changes_make_the_later_snapshot(town):
    ana, chloe, ben = town.friends("ana", "chloe", "ben")
    stream = ben.watch(ana, chloe)
    known = stream.snapshot().records
    ana.beat()
    chloe.beat(device="tablet")
    choose(ana, "busy", message={"text": "thinking"})
    ana.leave(final=True)
    chloe.beat("phone", device="mobile")
    while known != ben.watch(ana, chloe).snapshot().records:
        known |= stream.next().records
    assert known[ana.id]["status"] == "offline"
    assert known[chloe.id]["devices"] == ["mobile", "tablet"]
    stream.close()
    choose(chloe, "away")
    known |= ben.watch(ana, chloe, cursor=stream.last_id).snapshot().records
    assert known == ben.watch(ana, chloe).snapshot().records
    assert known[chloe.id]["status"] == "away"


def test_polling_by_since_gives_what_the_stream_gave(town):
    ana, chloe, dan, ben = town.friends("ana", "chloe", "dan", "ben")
    ben.beat("poll")
    stream = ben.watch(contacts="1")
    start = stream.snapshot()
    known = start.records
    ana.beat()
    choose(ana, "busy", message={"text": "hm", "emoji": "🤔"})
    given = {ana.id: until(stream, ana, lambda record: record["message"])}
    chloe.beat(activity="idle")
    given[chloe.id] = stream.sees(chloe.id, "away")
    first = poll(ben, start.cursor)
    assert {each["user"]: each for each in first["changes"] if each["user"] != ben.id} == given
    assert first["partial"] is True
    ana.leave(final=True)
    given = {ana.id: stream.sees(ana.id, "offline")}
    second = poll(ben, first["cursor"])
    assert {each["user"]: each for each in second["changes"]} == given
    asked = ok(ben.api("GET", f"presence/changes/?since={first['cursor']}"))
    assert {each["user"]: each for each in asked["users"]} == given
    assert poll(ben, second["cursor"])["changes"] == []
    assert dan.id in known


def test_asking_for_changes_renews_no_lease(town):
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    told = ok(ben.api("GET", "presence/changes/"))
    assert told["partial"] is False
    assert {each["user"] for each in told["users"]} == {ana.id, ben.id}
    assert ok(ben.api("GET", f"presence/changes/?since={told['cursor']}"))["users"] == []
    assert why(ben)["sessions"] == []
    assert ben.api("GET", "presence/changes/?since=yesterday").is_problem(400, "since")


def test_a_new_epoch_is_told_whole_to_streams_and_polls(own_town):
    town = own_town()
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    stream = ben.watch(contacts="1")
    start = stream.snapshot()
    assert start.records[ana.id]["status"] == "online"
    wait_until(lambda: town.transitions(ana) == ["online"])  # what is restored is what was written
    with redis.Redis.from_url(town.site.redis_url) as store:
        store.flushall()
    anew = stream.snapshot()
    assert (anew.is_partial, anew.cursor.split(".")[0] == start.cursor.split(".")[0]) == (
        False,
        False,
    )
    # Nobody is declared offline for the store's fault.
    assert anew.records[ana.id]["status"] == "online"
    resumed = ben.watch(contacts="1", cursor=start.cursor).snapshot()
    assert not resumed.is_partial
    polled = poll(ben, start.cursor)
    assert polled["partial"] is False
    assert {each["user"] for each in polled["changes"]} == {ana.id, ben.id}


def test_a_cursor_moves_though_nothing_is_told(town):
    ana, dan, ben = town.friends("ana", "dan", "ben")
    stream = ben.watch(ana)
    start = stream.snapshot().cursor
    block(dan, ben)
    dan.beat()  # a change that is not for Ben
    stream.wait_until(lambda: stream.last_id != start)
    assert stream.waiting() == []
    stream.close()
    resumed = ben.watch(ana, cursor=stream.last_id).snapshot()
    assert (resumed.is_partial, resumed.records) == (True, {})


def test_everything_says_after_how_long_it_counts_as_old(town):
    ana, ben = town.friends("ana", "ben")
    start = ben.watch(ana).snapshot()
    told = [
        start.pages[0].data,
        poll(ben, start.cursor),
        ok(ben.api("GET", f"presence/?users={ana.id}")),
        ok(ben.api("POST", "presence/query/", {"users": [ana.id]})),
        ok(ben.api("GET", "presence/changes/")),
        ok(ben.api("GET", "rooms/lobby/")),
    ]
    assert [each["stale_after_ms"] for each in told] == [STALE_AFTER] * len(told)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"availability": "gone"}, "availability"),
        ({"availability": None}, "availability"),
        ({}, "availability"),
        ({"availability": "busy", "until": soon(-1)}, "until"),
        ({"availability": "busy", "until": soon(400 * 86_400)}, "until"),
        ({"availability": "busy", "until": "2030-01-01T00:00:00"}, "until"),
        ({"availability": "busy", "message": {"text": "x" * 141}}, "message.text"),
        ({"availability": "busy", "message": {"text": "a\u0000b"}}, "message.text"),
        ({"availability": "busy", "message": {"text": "a\u202eb"}}, "message.text"),
        ({"availability": "busy", "message": {"text": "a", "emoji": "x" * 17}}, "message.emoji"),
        ({"availability": "busy", "message": {"text": "a", "until": soon(-1)}}, "message.until"),
        ({"availability": "busy", "colour": "red"}, "colour"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_by_name_and_changes_nothing(town, said, field):
    (ana,) = town.people("ana")
    ana.beat()
    chosen = choose(ana, "away", message={"text": "before"})
    assert ana.api("PUT", "me/status/", said).is_problem(400, field)
    assert ok(ana.api("GET", "me/")) == chosen


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"session": "tab", "activity": "sleeping"}, "activity"),
        ({"session": "tab", "device": "toaster"}, "device"),
        ({"session": ""}, "session"),
        ({"session": "x" * 65}, "session"),
        ({"session": "a\u0000b"}, "session"),
        ({"session": "a\nb"}, "session"),
        ({"session": 7}, "session"),
        ({"activity": "active"}, "session"),
        ({"session": "tab", "since": "yesterday"}, "since"),
        ({"session": "tab", "until": soon(60)}, "until"),
    ],
)
def test_a_heartbeat_that_makes_no_sense_is_refused_by_name_and_changes_nothing(town, said, field):
    (ana,) = town.people("ana")
    assert ana.post("/presence/heartbeat", said).is_problem(400, field)
    assert why(ana)["sessions"] == []


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"status": "friends", "last_seen": "everyone", "precision": "exact"}, "status"),
        ({"status": "everyone", "last_seen": "some", "precision": "exact"}, "last_seen"),
        ({"status": "everyone", "last_seen": "everyone", "precision": "week"}, "precision"),
        ({"status": "everyone"}, "last_seen"),
    ],
)
def test_privacy_that_makes_no_sense_is_refused_by_name_and_changes_nothing(town, rules, field):
    (ana,) = town.people("ana")
    before = ok(ana.api("GET", "me/privacy/"))
    assert ana.api("PUT", "me/privacy/", rules).is_problem(400, field)
    assert ok(ana.api("GET", "me/privacy/")) == before


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("users=a%00b", "users"),
        ("users=" + "x" * 129, "users"),
        ("contacts=yes", "contacts"),
        ("device=toaster", "device"),
        ("session=a%20b", "session"),
        ("cursor=yesterday", "cursor"),
        ("colour=red", "colour"),
    ],
)
def test_a_stream_that_makes_no_sense_is_refused_by_name(town, query, field):
    (ana,) = town.people("ana")
    answer = ask(town.site.port, "GET", f"/presence/stream?{query}", headers=ana.headers)
    assert answer.is_problem(400, field)


def test_nobody_is_a_contact_of_themselves_or_of_what_is_no_id(town):
    (ana,) = town.people("ana")
    for user in (ana.id, "", "a b", "a\u0000b", "x" * 129, None, ["1"]):
        for path in ("me/contacts/", "me/blocks/"):
            assert ana.api("POST", path, {"user": user}).is_problem(400, "user"), user
    assert ok(ana.api("GET", "me/contacts/")) == {"contacts": []}

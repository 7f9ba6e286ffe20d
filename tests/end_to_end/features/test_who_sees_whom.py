"""Privacy, contacts and blocks: when a stream opens, while it is open, and when it is resumed."""

import pytest

from tests.end_to_end.features.saying import block, instant, ok, poll, privacy, until

GONE = {"status": "offline", "since": None, "last_seen": None, "devices": [], "message": None}


def shows(stream, user):
    """Whether the stream's snapshot shows `user`; a stream that shows nobody is opened all the same."""
    return user.id in stream.snapshot().records


@pytest.mark.parametrize(
    ("audience", "contact_sees", "stranger_sees"),
    [("everyone", True, True), ("contacts", True, False), ("nobody", False, False)],
)
def test_the_status_is_for_everyone_for_contacts_or_for_nobody(
    town, audience, contact_sees, stranger_sees
):
    ana, ben = town.friends("ana", "ben")
    (eve,) = town.people("eve")
    ana.beat()
    privacy(ana, status=audience)
    for viewer, sees in ((ben, contact_sees), (eve, stranger_sees), (ana, True)):
        answer = viewer.api("GET", f"presence/{ana.id}/")
        assert answer.status == (200 if sees else 404)
        assert shows(viewer.watch(ana), ana) == sees
        listed = ok(viewer.api("GET", f"presence/?users={ana.id},999999999"))
        assert ([each["user"] for each in listed["users"]] == [ana.id]) == sees
        assert listed["unknown"] == ([] if sees else [ana.id]) + ["999999999"]


def test_whom_one_may_not_see_is_answered_as_nobody(town):
    ana, eve = town.people("ana", "eve")
    ana.beat()
    privacy(ana, status="nobody")
    hidden, unknown = (
        eve.api("GET", f"presence/{user}/{path}")
        for user, path in ((ana.id, ""), ("999999999", ""))
    )
    assert (hidden.status, hidden.body) == (unknown.status, unknown.body)


@pytest.mark.parametrize(
    ("rules", "contact_sees", "stranger_sees"),
    [
        ({"last_seen": "everyone"}, True, True),
        ({"last_seen": "contacts"}, True, False),
        ({"last_seen": "nobody"}, False, False),
        ({"precision": "hidden"}, False, False),
    ],
)
def test_last_seen_is_for_everyone_for_contacts_or_for_nobody(
    town, rules, contact_sees, stranger_sees
):
    ana, ben = town.friends("ana", "ben")
    (eve,) = town.people("eve")
    ana.beat()
    ana.leave(final=True)
    privacy(ana, **rules)
    for viewer, sees in ((ben, contact_sees), (eve, stranger_sees), (ana, True)):
        for record in (
            viewer.record_of(ana),
            viewer.watch(ana).snapshot().records[ana.id],
        ):
            assert record["status"] == "offline"
            assert (record["last_seen"] is not None) == sees
            # When an absence began is when they were last here.
            assert (record["since"] is not None) == sees


@pytest.mark.parametrize(("precision", "seconds"), [("hour", 3600), ("day", 86_400)])
def test_last_seen_is_coarse_to_others_and_exact_to_oneself(town, precision, seconds):
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    ana.leave(final=True)
    exact = ben.record_of(ana)
    privacy(ana, precision=precision)
    coarse = ben.record_of(ana)
    for field in ("last_seen", "since"):
        at = instant(exact[field]).timestamp()
        assert instant(coarse[field]).timestamp() == at - at % seconds
    assert ana.record_of(ana)["last_seen"] == exact["last_seen"]


def test_who_hides_their_last_seen_sees_none_where_the_site_is_reciprocal(own_town):
    town = own_town(PRESENCE_RECIPROCAL="true")
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    ana.leave(final=True)
    assert ben.record_of(ana)["last_seen"] is not None
    stream = ben.watch(ana)
    stream.snapshot()
    privacy(ben, last_seen="nobody")
    assert until(stream, ana, lambda record: record["last_seen"] is None)["status"] == "offline"
    assert ben.record_of(ana)["last_seen"] is None
    privacy(ben, precision="day")
    assert ben.record_of(ana)["last_seen"] is not None


def test_without_reciprocity_who_hides_sees_all_the_same(town):
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    ana.leave(final=True)
    privacy(ben, last_seen="nobody")
    assert ben.record_of(ana)["last_seen"] is not None


def test_changed_privacy_holds_on_open_streams(town):
    ana, eve = town.people("ana", "eve")
    stream = eve.watch(ana)
    ana.beat()
    stream.sees(ana.id, "online")
    privacy(ana, status="contacts")
    gone = stream.sees(ana.id, "offline")
    assert {key: gone[key] for key in GONE} == GONE
    ana.leave(final=True)
    ana.beat()
    privacy(ana)
    stream.sees(ana.id, "online")


def test_a_contact_who_was_hidden_when_the_stream_opened_appears_once_they_show_themselves(town):
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    privacy(ana, status="nobody")
    stream = ben.watch(contacts="1")
    assert ana.id not in stream.snapshot().records
    for _ in range(2):  # and again, when they hid while it was open
        privacy(ana)
        stream.sees(ana.id, "online")
        privacy(ana, status="nobody")
        stream.sees(ana.id, "offline")


def test_blocking_takes_both_off_each_others_open_streams_as_if_gone(town):
    ana, ben, chloe = town.friends("ana", "ben", "chloe")
    ana.beat()
    ben.beat()
    chloe.beat()
    of_ana, of_ben, of_chloe = (
        each.watch(contacts="1", users=ana.id) for each in (ana, ben, chloe)
    )
    assert of_ben.snapshot().records[ana.id]["status"] == "online"
    assert of_ana.snapshot().records[ben.id]["status"] == "online"
    of_chloe.snapshot()
    block(ana, ben)
    for stream, other in ((of_ben, ana), (of_ana, ben)):
        gone = stream.sees(other.id, "offline")
        assert {key: gone[key] for key in GONE} == GONE
    for one, other in ((ana, ben), (ben, ana)):
        assert one.api("GET", f"presence/{other.id}/").is_problem(404)
    ana.leave(final=True)
    of_chloe.sees(ana.id, "offline")
    assert ana.id not in [user for event in of_ben.waiting() for user in event.records]


def test_unblocking_shows_what_was_agreed_before(town):
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    block(ana, ben)
    stream = ben.watch(contacts="1")
    assert ana.id not in stream.snapshot().records
    ok(ana.api("DELETE", f"me/blocks/{ben.id}/"), 204)
    stream.sees(ana.id, "online")
    assert ana.api("DELETE", f"me/blocks/{ben.id}/").is_problem(404)
    assert ok(ana.api("GET", "me/blocks/")) == {"blocks": []}


def test_a_contact_is_asked_for_accepted_and_removed_while_streams_are_open(town):
    ana, ben = town.people("ana", "ben")
    privacy(ana, status="contacts")
    ana.beat()
    stream = ben.watch(contacts="1")
    assert set(stream.snapshot().records) == {ben.id}
    asked = ok(ben.api("POST", "me/contacts/", {"user": ana.id}), 201)
    assert (asked["user"], asked["state"]) == (ana.id, "requested")
    assert ben.api("GET", f"presence/{ana.id}/").is_problem(404)
    (incoming,) = ok(ana.api("GET", "me/contacts/"))["contacts"]
    assert (incoming["user"], incoming["state"]) == (ben.id, "incoming")

    accepted = ok(ana.api("POST", "me/contacts/", {"user": ben.id}), 201)
    assert accepted["state"] == "accepted"
    stream.sees(ana.id, "online")
    ok(ben.api("DELETE", f"me/contacts/{ana.id}/"), 204)
    stream.sees(ana.id, "offline")
    for one in (ana, ben):
        assert ok(one.api("GET", "me/contacts/")) == {"contacts": []}
    assert ben.api("DELETE", f"me/contacts/{ana.id}/").is_problem(404)


def test_a_request_to_who_blocks_one_looks_like_any_that_is_not_answered(town):
    ana, ben, eve = town.people("ana", "ben", "eve")
    block(ana, eve)
    answers = {}
    for other in (ana.id, ben.id, "999999999"):
        made = eve.api("POST", "me/contacts/", {"user": other})
        answers[other] = (made.status, made.body.replace(other.encode(), b"?"))
    assert len(set(answers.values())) == 1, answers
    listed = ok(eve.api("GET", "me/contacts/"))["contacts"]
    assert {each["state"] for each in listed} == {"requested"}
    assert ok(ana.api("GET", "me/contacts/")) == {"contacts": []}


def test_a_stream_resumed_after_a_rule_changed_gets_a_whole_snapshot(town):
    ana, chloe, ben = town.friends("ana", "chloe", "ben")
    ana.beat()
    first = ben.watch(contacts="1")
    start = first.snapshot()
    assert not start.is_partial
    first.close()
    again = ben.watch(contacts="1", cursor=start.cursor)
    assert again.snapshot().is_partial
    again.close()
    block(ana, ben)
    for proof in ({"headers": {"Last-Event-ID": start.cursor}}, {"cursor": start.cursor}):
        resumed = ben.watch(contacts="1", **proof).snapshot()
        assert not resumed.is_partial
        assert set(resumed.records) == {chloe.id, ben.id}


def test_a_poll_after_a_rule_changed_is_whole_and_says_so(town):
    ana, chloe, ben = town.friends("ana", "chloe", "ben")
    start = ben.watch(contacts="1").snapshot()
    ana.beat()
    second = poll(ben, start.cursor)
    assert second["partial"] is True
    assert [each["user"] for each in second["changes"] if each["user"] != ben.id] == [ana.id]
    block(ana, ben)
    third = poll(ben, second["cursor"])
    assert third["partial"] is False
    assert {each["user"] for each in third["changes"]} == {chloe.id, ben.id}


def test_one_stream_and_one_list_have_their_bounds(town):
    (ben,) = town.people("ben")
    many = ",".join(f"u{number}" for number in range(1_001))
    assert ben.watch(users=many).status == 400
    assert ben.api("POST", "presence/query/", {"users": many.split(",")}).is_problem(400, "users")
    town.sql(
        "INSERT INTO presence_contact (owner, other, state)"
        " SELECT %s, 'u' || n, 'accepted' FROM generate_series(1, 1000) AS n RETURNING 1",
        [ben.id],
    )
    assert ben.api("POST", "me/contacts/", {"user": "one-more"}).is_problem(400, "user")


def test_looking_people_up_has_a_quota(own_town):
    town = own_town(API_RATE_LOOKUPS="10/hour")
    ana, eve = town.people("ana", "eve")
    ten = [ana.id, *(str(number) for number in range(900_000, 900_006))]
    ok(eve.api("POST", "presence/query/", {"users": ten}))
    for ask in (
        lambda: eve.api("POST", "presence/query/", {"users": ten}),
        lambda: eve.api("GET", f"presence/?users={','.join(ten)}"),
        lambda: eve.api("POST", "presence/count/", {"users": ten}),
        lambda: eve.api("GET", f"presence/{ana.id}/history/"),
    ):
        refused = ask()
        assert refused.is_problem(429)
        assert int(refused.headers["retry-after"]) > 0
    for _ in range(3):
        ok(eve.api("GET", f"presence/{ana.id}/"))
    assert eve.api("GET", f"presence/{ana.id}/").is_problem(429)
    ok(ana.api("GET", f"presence/{eve.id}/"))  # everybody has their own

"""Availability and messages: what a person chooses, for how long, and what survives."""

import pytest
import redis

from tests.end_to_end.features.saying import (
    choose,
    instant,
    ok,
    own_record,
    soon,
    until,
    why,
)


@pytest.mark.parametrize("availability", ["away", "busy"])
def test_a_choice_overrides_the_sessions_until_it_is_taken_back(town, availability):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch(ana)
    ana.beat()
    stream.sees(ana.id, "online")
    assert choose(ana, availability)["status"] == availability
    stream.sees(ana.id, availability)
    choose(ana, "auto")
    stream.sees(ana.id, "online")


def test_a_choice_counts_only_while_a_session_lives(town):
    ana, ben = town.friends("ana", "ben")
    choose(ana, "busy")
    assert ben.record_of(ana)["status"] == "offline"
    stream = ben.watch(ana)
    ana.beat()
    stream.sees(ana.id, "busy")
    ana.leave(final=True)
    stream.sees(ana.id, "offline")
    ana.beat()
    stream.sees(ana.id, "busy")


def test_all_devices_of_somebody_who_is_not_here_hear_of_a_choice(town):
    (ana,) = town.people("ana")
    stream = ana.watch(contacts="1")
    stream.snapshot()
    for availability in ("invisible", "auto", "busy"):
        choose(ana, availability)
        own_record(stream, ana, "availability", availability)


def test_a_choice_with_an_end_ends_by_itself_and_not_before(town):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch(ana)
    ana.beat()
    end = soon(3)
    assert choose(ana, "busy", until=end)["until"] == end
    stream.sees(ana.id, "busy")
    back = stream.sees(ana.id, "online")
    assert instant(back["since"]) >= instant(end)
    assert ok(ana.api("GET", "me/"))["availability"] == "auto"


def test_a_message_is_shown_with_its_emoji_and_ends_by_itself(town):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch(ana)
    ana.beat()
    end = soon(3)
    said = {"text": "Lunch", "emoji": "🍜", "until": end}
    assert choose(ana, "auto", message=said)["message"] == said
    assert until(stream, ana, lambda record: record["message"])["message"] == said
    stream.sees(ana.id, "online")
    assert ben.record_of(ana)["message"] is None
    assert ok(ana.api("GET", "me/"))["message"] is None


def test_a_message_stays_when_one_leaves_and_is_taken_back_with_null(town):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch(ana)
    stream.snapshot()
    ana.beat()
    choose(ana, "auto", message={"text": "on the train"})
    ana.leave(final=True)
    assert stream.sees(ana.id, "offline")["message"]["text"] == "on the train"
    choose(ana, "busy")  # says nothing of the message, so it stays
    assert ben.record_of(ana)["message"]["text"] == "on the train"
    choose(ana, "busy", message=None)
    until(stream, ana, lambda record: record["message"] is None)


def test_choices_and_messages_survive_a_restart_and_the_loss_of_the_live_store(own_town):
    town = own_town()
    ana, chloe, ben = town.friends("ana", "chloe", "ben")
    ana.beat()
    choose(ana, "busy", until=soon(3600), message={"text": "deep in work", "emoji": "🎧"})
    chosen = ok(ana.api("GET", "me/"))
    chloe.beat()
    choose(chloe, "invisible")
    town.site.stop()
    town.site.start()
    assert ok(ana.api("GET", "me/")) == chosen
    assert ben.record_of(ana)["status"] == "busy"

    stream = ben.watch(ana, chloe)
    before = stream.snapshot()
    with redis.Redis.from_url(town.site.redis_url) as store:
        store.flushall()
    after = stream.snapshot()
    assert (before.is_partial, after.is_partial) == (False, False)
    assert before.cursor.split(".")[0] != after.cursor.split(".")[0]
    assert before.records[chloe.id]["status"] == "offline"
    # Sessions that the store lost come back with their next heartbeat, and the choice with them.
    ana.beat()
    chloe.beat()
    assert ok(ana.api("GET", "me/")) == chosen
    assert ok(chloe.api("GET", "me/"))["availability"] == "invisible"
    told = ben.watch(ana, chloe, cursor=before.cursor).snapshot()
    assert not told.is_partial
    assert told.records[ana.id]["status"] == "busy"
    assert told.records[ana.id]["message"]["text"] == "deep in work"
    assert told.records[chloe.id]["status"] == "offline"
    assert all(
        event.records.get(chloe.id, {"status": "offline"})["status"] == "offline"
        for event in stream.waiting()
    )


def test_why_names_the_rule_that_won_and_everything_that_took_part(town):
    (ana,) = town.people("ana")
    assert (why(ana)["rule"], why(ana)["status"], why(ana)["sessions"]) == (
        "no_session",
        "offline",
        [],
    )
    ana.beat("laptop", activity="idle")
    assert (why(ana)["rule"], why(ana)["status"]) == ("all_idle", "away")
    ana.beat("phone", device="mobile")
    told = why(ana)
    assert (told["rule"], told["by"], told["status"]) == ("active_session", "phone", "online")
    phone = next(each for each in told["sessions"] if each["session"] == "phone")
    assert instant(phone["last_beat"]) >= instant(phone["since"])
    assert 0 < phone["lease_left_ms"] <= 60_000
    choose(ana, "invisible")
    told = why(ana)
    assert (told["rule"], told["status"], told["shown"]) == ("choice", "online", "offline")
    assert told["availability"] == "invisible"


def test_a_tab_hears_of_the_next_one_that_opens(town):
    (ana,) = town.people("ana")
    first = ana.watch(contacts="1", session="tab-1")
    first.snapshot()
    second = ana.watch(contacts="1", session="tab-2")
    assert len(second.snapshot().records[ana.id]["me"]["sessions"]) == 2
    until(first, ana, lambda record: len(record["me"]["sessions"]) == 2)


def test_ones_own_record_on_ones_own_stream_follows_all_ones_devices(town):
    ana, ben = town.friends("ana", "ben")
    on_laptop = ana.watch(contacts="1", session="laptop")
    me = on_laptop.snapshot().records[ana.id]["me"]
    assert me["availability"] == "auto"
    assert [each["id"] for each in me["sessions"]] == ["laptop"]
    stream = ben.watch(ana)
    assert "me" not in stream.snapshot().records[ana.id]

    ana.beat("phone", device="mobile")
    until(on_laptop, ana, lambda record: len(record["me"]["sessions"]) == 2)
    end = soon(600)
    choose(ana, "invisible", until=end, message={"text": "hush"})
    hidden = own_record(on_laptop, ana, "message", {"text": "hush", "emoji": "", "until": None})
    assert (hidden["me"]["availability"], hidden["me"]["until"]) == ("invisible", end)
    ana.leave("phone", final=True)
    until(on_laptop, ana, lambda record: len(record["me"]["sessions"]) == 1)
    stream.sees(ana.id, "offline")
    assert all(
        "me" not in record for event in stream.waiting() for record in event.records.values()
    )
    assert "me" not in ben.record_of(ana)

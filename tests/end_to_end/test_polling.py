"""Presence by polling: a heartbeat with `since` gives exactly what a stream would have given."""


def told(answer, reader):
    """What a poll tells of others; one's own record comes with it, for one's other devices."""
    assert answer.status == 200, answer.body
    records = {record["user"]: record for record in answer.json["changes"]}
    records.pop(reader.id, None)
    return records


def test_a_poll_gives_what_a_stream_gives(town):
    ana, chloe, dan, ben = town.friends("ana", "chloe", "dan", "ben")
    stream = ben.watch(contacts="1")
    start = stream.snapshot()
    first = ben.beat("phone", since=start.cursor)
    assert told(first, ben) == {}

    ana.beat(device="tablet")
    online = stream.sees(ana.id, "online")
    chloe.beat(activity="idle")
    away = stream.sees(chloe.id, "away")
    second = ben.beat("phone", since=first.json["cursor"])
    assert told(second, ben) == {ana.id: online, chloe.id: away}

    ana.leave(final=True)
    offline = stream.sees(ana.id, "offline")
    third = ben.beat("phone", since=second.json["cursor"])
    assert told(third, ben)[ana.id] == offline
    assert dan.id not in told(third, ben)


def test_a_poll_from_another_epoch_gives_everybody(town):
    ana, dan, ben = town.friends("ana", "dan", "ben")
    ana.beat()
    everybody = told(ben.beat("phone", since="0abc.1"), ben)
    assert set(everybody) == {ana.id, dan.id}
    shown = ben.watch(contacts="1").snapshot().records
    assert {user: shown[user] for user in everybody} == everybody


def test_without_since_a_heartbeat_tells_nothing_of_others(town):
    _, ben = town.friends("ana", "ben")
    assert "changes" not in ben.beat("phone").json


def test_who_polls_is_present(town):
    ana, ben = town.friends("ana", "ben")
    stream = ana.watch(ben)
    stream.snapshot()
    ben.beat("phone", device="mobile", since="0abc.1")
    assert stream.sees(ben.id, "online")["devices"] == ["mobile"]


def test_excess_heartbeats_succeed_and_are_slowed_down(town):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch(ana)
    answers = [ana.beat("quick") for _ in range(20)]
    assert {answer.status for answer in answers} == {200}
    assert {answer.json["status"] for answer in answers} == {"online"}
    stream.sees(ana.id, "online")


def test_a_poll_forgets_whom_one_may_see_no_longer(town):
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    before = ben.beat("phone", since="0abc.1")
    assert set(told(before, ben)) == {ana.id}
    ana.api("POST", "me/blocks/", {"user": ben.id})
    after = ben.beat("phone", since=before.json["cursor"])
    assert ana.id not in told(after, ben)
    assert ben.api("GET", f"presence/{ana.id}/").status == 404

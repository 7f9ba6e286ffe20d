"""Invisible leaves no trace: what others get of an invisible person's day equals what they get of one who left."""

import json
import random
import re

import pytest

from presence.domain.ids import shard_of
from tests.end_to_end.features.saying import application, choose, claim, ok, poll, room_once, soon
from tests.end_to_end.people import wait_until
from tests.end_to_end.sse import Stream

# What truly depends on the wall: instants, and the cursors made of them. Versions do not.
INSTANT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
CURSOR = re.compile(rb"\b[0-9a-z]+\.\d{13}\b")
SHARDS = 64


class Recorder(Stream):
    """A stream that keeps the very bytes of every block."""

    def _parse(self, block):
        self.__dict__.setdefault("blocks", []).append(block.encode())
        super()._parse(block)


def masked(raw, names):
    """`raw` without instants and cursors, and with each of `names` (id -> word) by its word."""
    raw = CURSOR.sub(b"<cursor>", INSTANT.sub(b"<instant>", raw))
    for name, word in names.items():
        raw = re.sub(rb'(?<=")%s(?=")' % re.escape(name.encode()), word.encode(), raw)
    return raw


def in_shards_of_their_own(people, number):
    """`number` of `people`, no two in one shard: a version counts all changes of its shard."""
    found = {shard_of(person.id, SHARDS): person for person in people}
    return list(found.values())[:number]


def a_whole_day(person, app, room, seed):
    """Everything that somebody can do without being seen, in an order that `seed` decides."""
    acts = [
        lambda: ok(person.beat("tab", activity="idle")),
        lambda: ok(person.beat("tab", activity="hidden", rooms=[room])),
        lambda: ok(person.beat("tab", activity="active", rooms=[room, "kitchen"])),
        lambda: ok(person.beat("phone", device="mobile")),
        lambda: ok(person.leave("phone", final=True), 204),
        lambda: ok(person.leave("tab"), 204),
        lambda: choose(person, "invisible", message={"text": "psst", "emoji": "🤫"}),
        lambda: choose(person, "invisible", message=None),
        lambda: choose(person, "invisible", until=soon(3_000)),
        lambda: ok(claim(app, person, "busy")),
        lambda: app.api("DELETE", f"presence/{person.id}/claim/"),
        lambda: person.watch(contacts="1", session="stream").snapshot(),
        lambda: ok(person.api("GET", "me/why/")),
    ] * 2
    random.Random(seed).shuffle(acts)
    for act in acts:
        act()


class Pair:
    """One who is watched, and one who watches them and a bell that rings when all before it has come."""

    def __init__(self, town, watcher, other, bell):
        self.watcher, self.other = watcher, other
        self.room = f"lobby-{other.id}"
        target = f"/presence/stream?users={other.id},{bell.id}&rooms={self.room}"
        self.stream = Recorder(town.site.port, target, watcher.headers)
        town._streams.append(self.stream)  # closed with the test
        self.stream.snapshot()

    def masked(self, raw):
        return masked(raw, {self.other.id: "them", self.room: "lobby"})

    def come(self):
        """Come into the room and say something, each once the one before has been told."""
        ok(self.other.beat("tab", rooms=[self.room]))
        room_once(self.stream, lambda view: view["count"] == 1)
        choose(self.other, "auto", message={"text": "at my desk", "emoji": ""})
        room_once(self.stream, lambda view: view["users"][0]["message"])

    def heard(self):
        """Every byte of the stream; what a room tells runs beside what its people do, so it stands apart."""
        blocks = [self.masked(block) for block in self.stream.blocks]
        return sorted(blocks, key=lambda block: b"event: room" in block)

    def told(self):
        """What every other way of asking answers."""
        other = self.other.id
        asked = (
            ("GET", f"presence/{other}/", None),
            ("GET", f"presence/?users={other}", None),
            ("POST", "presence/query/", {"users": [other]}),
            ("POST", "presence/count/", {"users": [other]}),
            ("GET", f"presence/{other}/history/", None),
            ("GET", f"presence/at/?users={other}&t={soon(0)}", None),
            ("GET", f"rooms/{self.room}/", None),
            ("GET", "rooms/kitchen/", None),
        )
        told = [self.watcher.api(*request) for request in asked]
        assert {answer.status for answer in told} == {200}
        return [self.masked(answer.body) for answer in told]

    def polled(self):
        """What a poll tells of them, version and all."""
        changes = poll(self.watcher, "0abc.1")["changes"]
        (record,) = (each for each in changes if each["user"] == self.other.id)
        return self.masked(json.dumps(record).encode())


@pytest.mark.parametrize("seed", [1, 2])
def test_an_invisible_day_is_byte_for_byte_the_absence_of_one_who_left(own_town, seed):
    town = own_town(PRESENCE_KEEPALIVE_INTERVAL="60")
    hiding, leaving, *watchers, bell = in_shards_of_their_own(town.friends(*["somebody"] * 12), 5)
    app = application(town)
    pairs = [
        Pair(town, watchers[0], hiding, bell),
        Pair(town, watchers[1], leaving, bell),
    ]

    def both(of):
        one, other = map(of, pairs)
        assert one == other
        return one

    def written(count):
        # History is written a moment after.
        wait_until(lambda: {len(town.transitions(each)) for each in (hiding, leaving)} == {count})

    for pair in pairs:
        pair.come()
    written(2)
    assert b'"count":1' in both(Pair.told)[6]

    choose(hiding, "invisible")
    ok(leaving.leave("tab", final=True), 204)
    written(3)
    for pair in pairs:
        room_once(pair.stream, lambda view: view["count"] == 0)
    a_whole_day(hiding, app, pairs[0].room, seed)
    ok(bell.beat())
    for pair in pairs:
        pair.stream.sees(bell.id, "online")
    both(Pair.polled)
    assert b'"count":0' in both(Pair.told)[6]
    assert b'"status":"offline"' in b"".join(both(Pair.heard))

    app.api("DELETE", f"presence/{hiding.id}/claim/")
    for pair in pairs:
        for session in ("tab", "phone", "stream"):
            ok(pair.other.leave(session, final=True), 204)
        # The one is still invisible, the other has not come back: neither is seen to write.
        choose(pair.other, "invisible", message=None)
        ok(pair.other.beat("tab"))
        choose(pair.other, "auto")
        pair.stream.sees(pair.other.id, "online")
    written(4)
    both(Pair.polled)
    both(Pair.told)
    both(Pair.heard)

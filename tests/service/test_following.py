"""A process's hub comes to equal the log, whatever the bus loses and the store forgets."""

import logging

import pytest

from presence.domain.cursor import parse_cursor
from presence.domain.signals import Heartbeat
from presence.domain.status import Activity, Availability
from presence.domain.transitions import advance
from presence.domain.visibility import Audience, Privacy
from presence.models import LastSeen
from presence.service.database import in_database
from presence.service.privacy_rules import set_privacy
from presence.service.watching import Request
from tests.fanout.wires import Client, Wire
from tests.service.joined import until
from tests.service.test_homes import beat


class Watching:
    """A stream of `viewer` in one process."""

    def __init__(self, parts):
        self.parts, self.wire, self.client = parts, Wire(), Client()
        self.ended = []

    async def open(self, *users, viewer="viewer", cursor=None):
        request = Request(viewer=viewer, users=users, cursor=cursor)
        self.opened = await self.parts.watching.open(request, self.ended.append)
        self.wire.write(self.opened.beginning)
        self.parts.hub.release(self.opened.watch, self.wire)
        self.status("nobody")
        return self

    def status(self, user):
        self.client.read(self.wire)
        record = self.client.users.get(user)
        return record and record["status"]


@pytest.fixture
async def web(join):
    """A process that follows, in which ana and ben can be watched."""
    parts = join()
    for user in ("ana", "ben"):
        await in_database(
            LastSeen.objects.create,
            user=user,
            status="offline",
            devices=[],
            epoch="old",
            shard=0,
            version=1,
            updated_at="2026-01-01T00:00:00Z",
        )
    parts.start()
    await until(lambda: parts.following.is_verified)
    return parts


async def test_a_change_reaches_the_streams_of_every_process(join, web):
    other = join()
    stream = await Watching(web).open("ana")
    assert stream.status("ana") == "offline"
    await beat(other, "ana")
    await until(lambda: stream.status("ana") == "online")


async def test_what_the_bus_loses_is_read_from_the_log(join, web):
    unheard = join(is_heard=False)
    stream = await Watching(web).open("ana", "ben")
    await beat(unheard, "ana")
    await until(lambda: stream.status("ana") == "online")
    for availability in (Availability.BUSY, Availability.AWAY):
        await unheard.availability.choose(user="ana", availability=availability)
    await beat(web, "ben")  # heard, behind a gap
    await until(lambda: stream.status("ana") == "away" and stream.status("ben") == "online")
    assert stream.client.users["ana"]["version"] >= 3


async def test_when_the_log_no_longer_reaches_back_the_users_are_read_again(join, web):
    unheard = join(is_heard=False)
    stream = await Watching(web).open("ana", "ben")
    await beat(web, "ana")
    await until(lambda: stream.status("ana") == "online")
    shard = web.log.shard_of("ana")
    await unheard.availability.choose(user="ana", availability=Availability.BUSY)
    await unheard.connection.redis.xtrim(
        unheard.connection.keys.log(shard), maxlen=0, approximate=False
    )
    await unheard.availability.choose(user="ana", availability=Availability.AWAY)
    await unheard.connection.redis.xtrim(
        unheard.connection.keys.log(shard), maxlen=0, approximate=False
    )
    await until(lambda: stream.status("ana") == "away")


async def test_subscriptions_that_are_cut_lose_nothing_in_the_end(web, join):
    logger = logging.getLogger("channels_redis.pubsub")
    logger.disabled = True  # it logs a traceback for every connection that is cut
    try:
        stream = await Watching(web).open("ana")
        await web.connection.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await beat(web, "ana")
        await until(lambda: stream.status("ana") == "online")
    finally:
        logger.disabled = False


async def test_a_store_that_went_back_in_time_is_believed(join, web):
    """Restarted from older data: the same epoch, lower numbers."""
    stream = await Watching(web).open("ana")
    redis, key = web.connection.redis, web.connection.keys
    shard = web.log.shard_of("ana")
    await beat(web, "ana")
    names = (key.record("ana"), key.meta(shard), key.log(shard), key.leases(shard))
    old = [(name, await redis.dump(name)) for name in names]
    for availability in (Availability.BUSY, Availability.AWAY):
        await web.availability.choose(user="ana", availability=availability)
    await until(lambda: stream.status("ana") == "away")
    async with redis.pipeline(transaction=True) as pipe:
        for name, value in old:
            pipe.restore(name, 0, value, replace=True)
        await pipe.execute()
    await until(lambda: stream.status("ana") == "online")
    await join(is_heard=False).heartbeats.record(user="ana", session="tab", activity=Activity.IDLE)
    await until(lambda: stream.status("ana") == "away")


async def test_a_new_epoch_is_shown_whole_and_followed(web):
    stream = await Watching(web).open("ana")
    await beat(web, "ana")
    await until(lambda: stream.status("ana") == "online")
    before = stream.client.cursor.partition(".")[0]
    await web.connection.redis.flushall()
    await web.restoring.restore_if_new()
    await until(
        lambda: (
            len([name for name, _ in stream.client.seen if name == "snapshot"]) > 1
            or stream.status("ana") is None
        )
    )
    assert stream.client.cursor.partition(".")[0] not in ("", before)
    await beat(web, "ana")
    await until(lambda: stream.status("ana") == "online")


async def test_a_change_in_the_very_millisecond_of_a_cursor_is_not_missed(web):
    """Who comes back with a cursor gets what changed after it: nothing later may carry its instant."""
    for number in range(200):
        (loaded,) = await web.records.load(["ana"])
        activity = Activity.IDLE if number % 2 else Activity.ACTIVE
        signal = Heartbeat(session="tab", activity=activity)
        outcome = advance(loaded.record, signal, loaded.now, web.policy)
        async with web.following._verifying:
            await web.following._compare()
            cursor = web.hub.cursor
            committed = await web.records.commit(web.epoch.known, loaded, outcome)
        assert committed.at > cursor.at


def is_partial(stream):
    """Whether the snapshot that the stream began with told only what changed."""
    return next(data["partial"] for name, data in stream.client.seen if name == "snapshot")


async def test_a_resumed_stream_is_told_all_once_a_rule_about_its_viewer_changed(web):
    cursor = parse_cursor((await Watching(web).open("ana")).client.cursor)
    assert is_partial(await Watching(web).open("ana", cursor=cursor))
    # Noted in the record alone, as when the log of rules cannot be written.
    await web.applier.stamp_rules(user="viewer")
    assert not is_partial(await Watching(web).open("ana", cursor=cursor))
    assert is_partial(await Watching(web).open("ana", viewer="other", cursor=cursor))


async def test_a_resumed_stream_is_told_all_once_somebody_on_it_hid(web):
    cursor = parse_cursor((await Watching(web).open("ana", "ben")).client.cursor)
    await in_database(set_privacy, user="ana", privacy=Privacy(status=Audience.NOBODY))
    web.access.forget(["ana"])
    await web.applier.stamp_rules(user="ana")
    stream = await Watching(web).open("ana", "ben", viewer="other", cursor=cursor)
    assert not is_partial(stream)
    assert stream.client.users.keys() == {"ben"}

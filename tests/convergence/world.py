"""A few people, two web processes and their watchers, on a real Redis and a real Postgres."""

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import msgspec
from channels.layers import InMemoryChannelLayer, channel_layers, get_channel_layer

from presence.conf import Settings
from presence.domain.cursor import parse_cursor
from presence.domain.status import Activity, Availability
from presence.domain.visibility import Privacy
from presence.models import Block, Contact, LastSeen, PrivacyRule, Standing
from presence.parts import join
from presence.service.database import in_database
from presence.service.errors import NotFound
from presence.service.privacy_rules import block, set_privacy, unblock
from presence.service.watching import Request
from tests.fanout.wires import GONE, Client, Wire, facts, shown

# Far above what a comparison every 50 ms needs: a busy machine may be slow, a lost change never comes.
CONVERGES_WITHIN = 10.0
ROOMS = ("lobby", "kitchen")


class Watcher:
    """One client, which reconnects with its cursor as EventSource does."""

    def __init__(self, viewer, users, process):
        self.viewer = viewer
        self.users = users
        self.process = process
        self.client = Client()
        self.wire = Wire()
        self.opened = None
        self.is_ended = False

    async def connect(self, parts):
        cursor = parse_cursor(self.client.cursor) if self.client.cursor else None
        self.client.reconnected()
        self.wire, self.is_ended = Wire(), False
        request = Request(viewer=self.viewer, users=self.users, rooms=ROOMS, cursor=cursor)
        self.opened = await parts.watching.open(request, self._end)
        self.wire.write(self.opened.beginning)
        parts.hub.release(self.opened.watch, self.wire)

    def disconnect(self, parts):
        parts.watching.close(self.opened, is_lost=True)

    def _end(self, reason):
        self.is_ended = True

    def knows(self):
        return known(self.client.users, self.client.rooms)


class World:
    """Everything that one example of the test plays with."""

    def __init__(self, redis_url, people, number):
        self.people = people
        self.settings = Settings(
            redis_url=redis_url,
            key_prefix=f"world{number}",
            shards=2,
            verify_interval=timedelta(milliseconds=30),
            flush_interval=timedelta(milliseconds=20),
            room_interval=timedelta(milliseconds=5),
        )
        self.watchers = []
        self.blocks = set()
        self.forbidden = {}
        self.hidden = set()

    async def begin(self):
        await in_database(_empty)
        self.webs = [self._web(), self._web()]
        await self._until_both_listen()
        # A process that nobody hears: what it publishes goes to a channel layer of its own.
        layer = channel_layers.set("default", InMemoryChannelLayer())
        try:
            self.unheard = join(self.settings)
        finally:
            channel_layers.set("default", layer)
        # Whoever asks anew: nothing is remembered here.
        self.judge = join(replace(self.settings, roster_cache=timedelta(0)))

    def _web(self):
        parts = join(self.settings)
        parts.start()
        return parts

    async def _until_both_listen(self):
        """Wait for the subscriptions: an announcement of rules before them is heard by nobody."""
        listening = f"asgi__group__{self.settings.key_prefix}.news"
        groups = get_channel_layer()._get_layer().groups
        async with asyncio.timeout(CONVERGES_WITHIN):
            while len(groups.get(listening, ())) < len(self.webs):  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    async def end(self):
        for parts in (*self.webs, self.unheard, self.judge):
            await parts.close()

    def writer(self, heard):
        return self.webs[0] if heard else self.unheard

    # --- What people do ---

    async def beat(self, user, session, activity, rooms, *, heard):
        await self.writer(heard).heartbeats.record(
            user=user, session=session, activity=Activity(activity), rooms=rooms
        )

    async def leave(self, user, session, *, final, heard):
        await self.writer(heard).leaving.leave(user=user, session=session, final=final)

    async def choose(self, user, availability, *, heard):
        # From here to the next look they may show once more: as they were, or leaving.
        self.hidden.discard(user)
        await self.writer(heard).availability.choose(
            user=user, availability=Availability(availability)
        )

    async def write(self, user, message, *, heard):
        await self.writer(heard).availability.write_message(user=user, message=message)

    async def claim(self, app, user, status, *, strong, heard):
        now = int(time.time() * 1000)
        await self.writer(heard).claiming.claim(
            app=app,
            user=user,
            status=status,
            priority=90 if strong else 10,
            now=now,
            until=now + 3_600_000,
        )

    async def release(self, app, user, *, heard):
        with suppress(NotFound):
            await self.writer(heard).claiming.release(app=app, user=user)

    async def toggle_block(self, owner, other):
        use = unblock if (owner, other) in self.blocks else block
        self.blocks ^= {(owner, other)}
        await self._announce(await in_database(use, owner=owner, other=other))

    async def let_see(self, user, audience, precision):
        privacy = Privacy(status=audience, precision=precision)
        await self._announce(await in_database(set_privacy, user=user, privacy=privacy))

    async def _announce(self, changed):
        # Always heard: an announcement that the bus loses has no log to be read again from.
        for users in self.forbidden.values():
            users.difference_update(changed.users)
        for user in changed.users:
            self.forbidden.pop(user, None)
        if changed:
            await self.webs[0].rules.announce(users=sorted(changed.users))

    # --- What befalls the service ---

    async def restart(self, process):
        watchers = [each for each in self.watchers if each.process == process]
        for watcher in watchers:
            watcher.disconnect(self.webs[process])
            self.read(watcher)
        await self.webs[process].close()
        self.webs[process] = self._web()
        await self._until_both_listen()
        for watcher in watchers:
            await watcher.connect(self.webs[process])

    # --- Watching ---

    async def watch(self, viewer, process):
        users = tuple(user for user in self.people if user != viewer)
        watcher = Watcher(viewer, users, process)
        await watcher.connect(self.webs[process])
        self.watchers.append(watcher)

    async def reconnect(self, watcher):
        watcher.disconnect(self.webs[watcher.process])
        self.read(watcher)
        await watcher.connect(self.webs[watcher.process])

    def read(self, watcher):
        """Take what has arrived; nothing forbidden may be in it."""
        for name, data in watcher.client.read(watcher.wire):
            if name not in {"snapshot", "presence", "room"}:
                continue
            for record in data["users"]:
                user = record["user"]
                if user in self.forbidden.get(watcher.viewer, ()):
                    assert facts(record) == GONE, f"{watcher.viewer} saw {record}"
                if user in self.hidden:
                    assert record["status"] == "offline", f"{watcher.viewer} saw {record}"

    async def truth(self, viewer):
        users = [user for user in self.people if user != viewer]
        view = await self.judge.roster.view(viewer=viewer, users=users)
        rooms = [await self.judge.rooms.view(viewer=viewer, room=room) for room in ROOMS]
        users = {each.user: plain(each) for each in view.records}
        return known(users, {each.room: plain(each) for each in rooms}), set(view.unknown)

    async def settle(self):
        """Wait until every watcher knows what a fresh look would show them; remember the forbidden."""
        for parts in (*self.webs, self.unheard):
            await parts.publisher.drained()
        viewers = {watcher.viewer for watcher in self.watchers}
        truths = {viewer: await self.truth(viewer) for viewer in viewers}
        for watcher in self.watchers:
            watcher.wire.is_stuck = False
            if watcher.is_ended:
                await self.reconnect(watcher)
        for watcher in self.watchers:
            truth, _ = truths[watcher.viewer]
            give_up_at = asyncio.get_running_loop().time() + CONVERGES_WITHIN
            self.read(watcher)
            while watcher.knows() != truth:
                assert asyncio.get_running_loop().time() < give_up_at, (
                    f"{watcher.viewer} sees {watcher.knows()}, a fresh look {truth}"
                )
                await asyncio.sleep(0.005)
                self.read(watcher)
        self.forbidden = {viewer: unknown for viewer, (_, unknown) in truths.items()}
        loaded = await self.judge.records.load(self.people)
        self.hidden = {
            each.record.user
            for each in loaded
            if each.record.choice.availability is Availability.INVISIBLE
        }


def plain(answer):
    return json.loads(msgspec.json.encode(answer))


def known(users, rooms):
    """What somebody who has this shows: people, and who is in which room."""
    here = {
        name: (room["count"], room["whole"], shown(by_user(room))) for name, room in rooms.items()
    }
    return {"people": shown(users), "rooms": here}


def by_user(room):
    return {record["user"]: record for record in room["users"]}


def _empty():
    for model in (Block, Contact, PrivacyRule, Standing, LastSeen):
        model.objects.all().delete()


async def leave_the_layer():
    """Close what the channel layer, one for the whole event loop, has open."""
    await get_channel_layer().flush()

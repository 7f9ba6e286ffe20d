"""A hub with streams whose other ends are in memory, and changes to feed it."""

import asyncio

from presence.domain.changes import Change, Entry
from presence.domain.cursor import Cursor
from presence.domain.face import UNSEEN, Face
from presence.domain.message import Message
from presence.domain.status import Device, Status
from presence.domain.visibility import Lens
from presence.fanout.frames import event_frame
from presence.fanout.hub import Hub
from presence.fanout.mailbox import Mailbox
from presence.fanout.timing import Timing
from presence.fanout.watch import Watch
from tests.fanout.wires import Client, Wire

NOON = 1_795_000_000_000
FOREVER = 3_600.0


def hub(*, flush=FOREVER, keepalive=FOREVER, stall=FOREVER):
    made = Hub(Timing(flush=flush, keepalive=keepalive, stall=stall))
    made.cursor = Cursor("e1", NOON)
    return made


def face(status=Status.ONLINE, at=NOON, text=None):
    if status is Status.OFFLINE:
        return Face(since=at, last_seen=at - 5)
    message = None if text is None else Message(text=text)
    return Face(status=status, since=at, devices=(Device.WEB,), message=message)


def entry(user, version, after, *, before=UNSEEN, at=None):
    change = Change(user=user, before=before, after=after)
    at = NOON + version if at is None else at
    return Entry(shard=0, position=(version, 0), at=at, user=user, change=change)


def sight(lenses):
    """Return `lenses`, {user: lens}, as a hub takes them: {lens: users}."""
    return {lens: tuple(u for u in lenses if lenses[u] is lens) for lens in set(lenses.values())}


class Stream:
    """One watcher of a hub, with a client that reads what arrives."""

    def __init__(self, hub, viewer="viewer", *, expires_in=FOREVER, pings=False):
        now = asyncio.get_running_loop().time()
        self.hub = hub
        self.ended = []
        self.mailbox = Mailbox(viewer, now)
        self.watch = Watch(
            self.mailbox, expires_at=now + expires_in, pings=pings, end=self.ended.append
        )
        self.wire, self.client = Wire(), Client()

    def open(self, users, known=None):
        """Subscribe through `users` ({user: lens}, or names) and learn what is `known`."""
        lenses = users if isinstance(users, dict) else dict.fromkeys(users, Lens.EXACT)
        for user in self.hub.open(self.watch, sight(lenses)):
            seen, version = (known or {}).get(user, (UNSEEN, 0))
            self.hub.learn(user, seen, version, NOON)
        return self

    def release(self):
        """Send the snapshot and let changes flow."""
        records = self.hub.snapshot(self.mailbox)
        data = b'{"partial":false,"users":[' + b",".join(records) + b"]}"
        head = event_frame("snapshot", None, self.hub.cursor)
        self.wire.write(head.replace(b"null", data))
        self.hub.release(self.watch, self.wire)
        self.read()
        self.wire.writes.clear()
        return self

    def read(self):
        self.client.read(self.wire)
        return self.client.users


async def until(is_true, within=10.0):
    async with asyncio.timeout(within):
        while not is_true():  # noqa: ASYNC110  (the hub's timers make it true)
            await asyncio.sleep(0.005)

"""All of presence.live over one connection, and a policy whose leases end while a test waits."""

import asyncio
from datetime import timedelta

from presence.domain.policy import Policy
from presence.domain.signals import Heartbeat
from presence.domain.status import Activity
from presence.domain.transitions import advance
from presence.live.connection import Connection
from presence.live.epoch import Epoch
from presence.live.keys import Keys, beat_mark, member
from presence.live.leases import Leases, Renewal
from presence.live.log import Log
from presence.live.records import Records


def ms(count):
    return timedelta(milliseconds=count)


SHORT = Policy(
    heartbeat_interval=ms(10),
    hidden_heartbeat_interval=ms(10),
    lease_after=ms(40),
    hidden_lease_after=ms(40),
    stream_lease_after=ms(40),
    stream_renewal_interval=ms(10),
    leave_grace=ms(10),
    forget_after=timedelta(hours=1),
)
LONG = Policy()


async def until(ask, is_it, *, within=10.0):
    """Ask again until the answer is the one waited for, and return it."""
    async with asyncio.timeout(within):
        while not is_it(answer := await ask()):  # noqa: ASYNC110  (another process changes it)
            await asyncio.sleep(0.002)
    return answer


class Store:
    """One process's way to the live store."""

    def __init__(
        self,
        url,
        *,
        shards=4,
        policy=LONG,
        log_length=1_000,
        hold_after=timedelta(hours=1),
        hold=timedelta(hours=1),
        prefix="test",
    ):
        self.policy = policy
        self.keys = Keys(prefix, shards)
        self.connection = Connection(url, self.keys)
        self.redis = self.connection.redis
        self.epoch = Epoch(self.connection)
        self.records = Records(self.connection, policy, log_length=log_length)
        self.leases = Leases(self.connection, hold_after=hold_after, hold=hold)
        self.log = Log(self.connection)

    async def load(self, user):
        (loaded,) = await self.records.load([user])
        return loaded

    async def apply(self, user, signal):
        """Load, decide, commit; who conflicts gets None."""
        loaded = await self.load(user)
        outcome = advance(loaded.record, signal, loaded.now, self.policy)
        return await self.records.commit(self.epoch.known, loaded, outcome)

    async def beat(self, user, session="tab", activity=Activity.ACTIVE, **more):
        signal = Heartbeat(session=session, activity=activity, **more)
        return await self.apply(user, signal)

    def renewal(self, user, session="tab", *, activity=Activity.ACTIVE, device="web", rooms=()):
        name = member(user, session, beat_mark(activity, device, rooms))
        lease = self.policy.lease_for(activity)
        return Renewal(self.keys.shard(user), name, lease, self.keys.record(user))

    async def due(self, **options):
        """What is due on all shards together: (silent, timed, whether expiry holds)."""
        dues = await self.leases.due(**options)
        silent = frozenset().union(*(due.silent for due in dues))
        timed = frozenset().union(*(due.timed for due in dues))
        return silent, timed, any(due.is_held for due in dues)

    async def until_silent(self, user):
        await until(self.due, lambda due: user in due[0])

    async def calls(self, *names):
        """How often the server has run these commands, from whomever."""
        stats = await self.redis.info("commandstats")
        return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in names)

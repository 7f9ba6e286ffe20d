"""Parts: everything that one event loop works with, and how it is joined.

Flow: settings -> **parts** -> wiring (one set for each event loop) -> surfaces.

The only file that knows which part needs which.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from channels.layers import get_channel_layer
from django.core.exceptions import ImproperlyConfigured

from presence import conf
from presence.domain.instant import milliseconds
from presence.domain.policy import Policy
from presence.fanout.hub import Hub
from presence.fanout.timing import Timing
from presence.live.alerts import Alerts
from presence.live.batching import Batcher
from presence.live.bus import Bus
from presence.live.connection import Connection
from presence.live.epoch import Epoch
from presence.live.keys import Keys
from presence.live.leases import Leases
from presence.live.log import Log
from presence.live.records import Records
from presence.live.revocations import Revocations
from presence.live.rooms import Rooms as LiveRooms
from presence.live.rules_log import RulesLog
from presence.live.tally import Tally
from presence.live.tickets import Tickets
from presence.service.access import Access
from presence.service.admission import Admission
from presence.service.alerting import Alerting
from presence.service.applying import Applier
from presence.service.attachments import Attachments
from presence.service.attending import Attending
from presence.service.availability import Choosing
from presence.service.claiming import Claiming
from presence.service.counting import Counting
from presence.service.expiry import Expiry
from presence.service.faces import Faces
from presence.service.farewells import Farewells
from presence.service.following import Following
from presence.service.health import Health
from presence.service.heartbeats import Heartbeats
from presence.service.homes import Homes
from presence.service.leaving import Leaving
from presence.service.loading import Loading
from presence.service.lookups import Lookups
from presence.service.own_views import OwnViews
from presence.service.publishing import Publisher
from presence.service.push_devices import PushDevices
from presence.service.recent_rules import RecentRules
from presence.service.recording import Recorder
from presence.service.restoring import Restoring
from presence.service.revoking import Revoking
from presence.service.room_watching import RoomWatching
from presence.service.rooms import Rooms
from presence.service.roster import Roster
from presence.service.rules import Rules
from presence.service.ticketing import Ticketing
from presence.service.turnstile import Turnstile
from presence.service.watching import Watching
from presence.service.why import Why

# What was taken back is remembered for so long: no token of ours lives longer, and no external one should.
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything one event loop works with, joined."""

    settings: conf.Settings
    policy: Policy
    connection: Connection
    epoch: Epoch
    records: Records
    leases: Leases
    log: Log
    hub: Hub
    publisher: Publisher
    applier: Applier
    heartbeats: Heartbeats
    leaving: Leaving
    lookups: Lookups
    access: Access
    admission: Admission
    revoking: Revoking
    faces: Faces
    roster: Roster
    availability: Choosing
    claiming: Claiming
    counting: Counting
    rooms: Rooms
    room_watching: RoomWatching
    alerting: Alerting
    ticketing: Ticketing
    push_devices: PushDevices
    rules: Rules
    why: Why
    attachments: Attachments
    farewells: Farewells
    turnstile: Turnstile
    watching: Watching
    following: Following
    attending: Attending
    expiry: Expiry
    recorder: Recorder
    tally: Tally
    restoring: Restoring
    health: Health
    tasks: dict[str, "asyncio.Task[None]"]

    @property
    def stale_after_ms(self) -> int:
        """Return after how long without a word a client should count what it knows as old."""
        return milliseconds(stale_after(self.settings))

    def start(self) -> None:
        """Follow the log and renew attached sessions from now on. Harmless when it is done already."""
        for name, run in (
            ("attending", self.attending.run),
            ("following", self.following.run),
            ("attachments", self.attachments.run),
            ("rooms", self.room_watching.run),
        ):
            task = self.tasks.get(name)
            if task is None or task.done():
                self.tasks[name] = asyncio.create_task(run(), name=f"presence-{name}")

    async def close(self) -> None:
        """Stop what `start` started and close the connections."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        self.tasks.clear()
        await self.publisher.drained()
        self.hub.shut()
        await self.connection.close()


def stale_after(settings: conf.Settings) -> timedelta:
    """Return three keep-alives: two may be lost on the way."""
    return 3 * settings.keepalive_interval


def join(settings: conf.Settings) -> Parts:
    """Return new parts for the running event loop. Nothing is connected or started yet."""
    policy = settings.policy()
    keys = Keys.of(settings.key_prefix, settings.shards)
    connection = Connection(settings.redis_url, keys)
    epoch = Epoch(connection)
    records = Records(connection, policy, log_length=settings.log_length)
    leases = Leases(connection, hold_after=settings.hold_after, hold=settings.lease_after)
    log = Log(connection)
    rules_log = RulesLog(connection)
    layer = get_channel_layer()
    if layer is None:
        raise ImproperlyConfigured("CHANNEL_LAYERS has no default: changes need a channel layer")
    bus = Bus(layer, settings.key_prefix)
    publisher = Publisher(bus, pace=settings.publish_interval)
    homes = Homes()
    loading = Loading(records)
    access = Access(trust=settings.roster_cache, is_reciprocal=settings.reciprocal)
    faces = Faces(records)
    alerting = Alerting(Alerts(connection), access, faces, publisher)
    applier = Applier(records, loading, epoch, homes, publisher, alerting, policy)
    hub = Hub(
        Timing.of(
            flush=settings.flush_interval,
            keepalive=settings.keepalive_interval,
            stall=settings.stall_after,
        )
    )
    own_views = OwnViews(records, homes, hub)
    roster = Roster(
        access,
        faces,
        own_views,
        max_watched=settings.max_watched,
        resumable_for=settings.forget_after,
    )
    rooms = Rooms(LiveRooms(connection), roster, settings.room_rule())
    room_watching = RoomWatching(rooms, hub, interval=settings.room_interval)
    attachments = Attachments(leases, applier, keys, policy)
    watching = Watching(
        hub=hub,
        access=access,
        faces=faces,
        recent_rules=RecentRules(rules_log),
        following=lambda: following,
        attachments=attachments,
        own_views=own_views,
        rooms=rooms,
        room_watching=room_watching,
        max_watched=settings.max_watched,
        max_streams=settings.max_streams,
        stream_age=settings.stream_age,
        jitter=settings.jitter,
        retry_interval=settings.retry_interval,
        stale_after=stale_after(settings),
        resumable_for=settings.forget_after,
    )

    revocations = Revocations(connection, kept=max(_A_DAY, settings.token_lifetime))
    admission = Admission(revocations, most=settings.max_user_streams)

    async def rejudge(users: Sequence[str]) -> None:
        await admission.rejudge(users)
        await watching.rejudge(users)

    following = Following(
        hub=hub,
        bus=bus,
        log=log,
        rules=rules_log,
        epoch=epoch,
        faces=faces,
        shards=settings.shards,
        verify_interval=settings.verify_interval,
        rejudge=rejudge,
        reshow=watching.reshow,
        stale=watching.note_stale,
        changed=own_views.note,
        heard=publisher.note_heard,
        touched=room_watching.touch,
        fired=watching.tell_alert,
    )
    recorder = Recorder(log, epoch, batch=settings.history_batch)
    return Parts(
        settings=settings,
        policy=policy,
        connection=connection,
        epoch=epoch,
        records=records,
        leases=leases,
        log=log,
        hub=hub,
        publisher=publisher,
        applier=applier,
        heartbeats=Heartbeats(
            Batcher(leases.renew),
            applier,
            rooms,
            keys,
            policy,
            gap=settings.beat_gap.total_seconds(),
        ),
        leaving=Leaving(applier),
        lookups=Lookups(most=settings.max_watched),
        access=access,
        admission=admission,
        revoking=Revoking(revocations, rules_log, bus),
        faces=faces,
        roster=roster,
        availability=Choosing(applier),
        claiming=Claiming(applier),
        counting=Counting(roster),
        rooms=rooms,
        room_watching=room_watching,
        alerting=alerting,
        push_devices=PushDevices(applier),
        ticketing=Ticketing(Tickets(connection)),
        rules=Rules(applier, rules_log, bus, access),
        why=Why(records, homes, policy),
        attachments=attachments,
        farewells=Farewells(retry=settings.retry_interval),
        turnstile=Turnstile(is_full=watching.is_full),
        watching=watching,
        following=following,
        attending=Attending(leases, lasts=settings.serving_lasts),
        expiry=Expiry(leases, applier),
        recorder=recorder,
        tally=Tally(connection),
        restoring=Restoring(epoch, applier),
        health=Health(
            connection,
            lambda: following,
            watching,
            recorder,
            # Half the log: past that, a longer outage would lose history.
            max_backlog=settings.shards * settings.log_length // 2,
        ),
        tasks={},
    )

"""Following: keeping this process's hub equal to the log.

Flow: bus (lossy) -> **following** -> hub; a gap -> log -> hub; a new epoch -> everything anew.

Three nets under a lossy transport. A message whose version does not follow on shows a gap: the log is
read from there. Every second, and soon after every change, the store's versions are compared with ours: a
loss that nothing followed is found within that second. A log that no longer reaches back, or a new epoch,
makes the hub read the watched users again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from operator import gt

import structlog

from presence.domain.changes import Entry, Position
from presence.domain.cursor import Cursor
from presence.domain.instant import Instant
from presence.fanout.hub import Hub
from presence.live.bus import AlertsFired, Bus, BusUnavailableError, Heard, News
from presence.live.connection import LiveUnavailableError
from presence.live.epoch import Epoch
from presence.live.log import Log
from presence.live.rules_log import RulesLog
from presence.service.ending import is_ending
from presence.service.errors import Unavailable
from presence.service.faces import Faces

log = structlog.get_logger(__name__)

_SOON = 0.2  # seconds after a change: so long may a cursor lag behind what was delivered
_FRESH = 0.1  # a verification so young serves every stream that opens meanwhile
_ON_ITS_WAY = 0.1  # seconds; a message takes 25 ms where changes share them, and a few otherwise
_PAGE = 1_000  # users a read
_RESTORED_WITHIN = 10.0  # seconds to wait for history to fill a new epoch before showing it

Rejudge = Callable[[Sequence[str]], Awaitable[None]]
Reshow = Callable[[], None]


class Following:
    """Follows the log for one hub."""

    def __init__(
        self,
        *,
        hub: Hub,
        bus: Bus,
        log: Log,
        rules: RulesLog,
        epoch: Epoch,
        faces: Faces,
        shards: int,
        verify_interval: timedelta,
        rejudge: Rejudge,
        reshow: Reshow,
        stale: Callable[[Instant | None], None],
        changed: Callable[[Sequence[str]], None],
        heard: Callable[[], None],
        touched: Callable[[Sequence[str]], None],
        fired: Callable[[AlertsFired], None],
    ) -> None:
        """Feed `hub`.

        `rejudge(users)` is called when rules between users changed, `reshow()` when every
        stream needs a whole snapshot, `stale(as_of)` when the store is lost and `stale(None)` when it is back,
        `changed(users)` when records changed in any way, `heard()` for each
        message, and `touched(rooms)` and `fired(alerts)` for what is in it.
        """
        self._hub = hub
        self._bus = bus
        self._log = log
        self._rules = rules
        self._epoch = epoch
        self._faces = faces
        self._interval = verify_interval.total_seconds()
        self._rejudge = rejudge
        self._reshow = reshow
        self._stale = stale
        self._changed = changed
        self._heard = heard
        self._touched = touched
        self._fired = fired
        self._known: list[Position] = [(0, 0)] * shards
        self._followed = ""  # the epoch that the hub shows
        self._verified_at = float("-inf")
        self._verifying = asyncio.Lock()
        self._look = asyncio.Event()
        self._news = asyncio.Event()
        self._rules_changed = asyncio.Event()
        self.is_stale = False

    @property
    def is_verified(self) -> bool:
        """Return whether the hub has been equal to the log at least once, and was so lately."""
        age = asyncio.get_running_loop().time() - self._verified_at
        return age < 3 * self._interval + 1

    async def run(self) -> None:
        """Follow until cancelled. Failures are logged and tried again; none ends it."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._verify())
            tasks.create_task(self._judge())

    async def freshen(self) -> None:
        """Return once the hub was equal to the log a moment ago.

        Raises:
            Unavailable: the store did not answer.
        """
        asked_at = asyncio.get_running_loop().time()
        async with self._verifying:
            if self._verified_at < asked_at - _FRESH:
                await self._compare()

    # --- What is heard ----------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            try:
                async for news in self._bus.listen():
                    # No awaiting in here: the queue behind the bus has no bound.
                    self._hear(news)
            except BusUnavailableError as error:
                log.warning("bus_lost", reason=str(error))
            await asyncio.sleep(0.5)

    def _hear(self, news: News) -> None:
        self._heard()
        if news.has_new_rules:
            self._rules_changed.set()
        self._take(news.entries)
        self._touched(news.rooms)
        for fired in news.fired:
            self._fired(fired)

    def _take(self, heard: list[Heard]) -> None:
        is_watched = self._hub.is_watched
        self._apply([each.entry() for each in heard if is_watched(each.user)])
        for each in heard:
            if _follows(each.position, self._known[each.shard]):
                self._known[each.shard] = each.position
        self._news.set()
        self._look.set()  # a gap leaves `known` behind: the comparison finds and fills it

    async def _judge(self) -> None:
        """Follow the log of rules: at once when the bus says so, and anyway every few looks."""
        place: str | None = None
        while not is_ending():
            self._rules_changed.clear()
            try:
                if place is None:
                    place = await self._rules.head()
                changes = await self._rules.after(place)
                if changes:
                    users = dict.fromkeys(user for change in changes for user in change.users)
                    await self._rejudge(list(users))
                    place = changes[-1].place  # only now: what failed is tried again
                    continue
            except (Unavailable, LiveUnavailableError) as error:
                log.warning("rules_not_applied", reason=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._rules_changed.wait()

    # --- What is compared -------------------------------------------------------------------------

    async def _verify(self) -> None:
        while not is_ending():
            try:
                async with self._verifying:
                    await self._compare()
                self._note_stale(False)
            except (Unavailable, LiveUnavailableError) as error:
                log.warning("not_verified", reason=str(error))
                self._note_stale(True)
            except Exception:
                log.exception("verification_failed")
            self._look.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._look.wait()
                await asyncio.sleep(min(_SOON, self._interval))

    async def _compare(self) -> None:
        try:
            if await self._has_begun():
                await self._begin_epoch()
            started_at = asyncio.get_running_loop().time()
            known = list(self._known)  # as of before the question: news may overtake the answer
            now, heads = await self._log.heads()
            await self._hear_out(heads)
            for shard, head in enumerate(heads):
                if head > self._known[shard]:
                    await self._repair(shard, head)
                elif head < known[shard]:
                    # Redis restarted from older data: what was numbered since is gone.
                    self._hub.forget_faces(self._watched_in(shard))
                    await self._reread(shard)
                    self._known[shard] = head
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        # One millisecond back: what changes later in this one carries its number, and is yet to come.
        self._hub.cursor = Cursor(self._followed, now - 1)
        self._verified_at = started_at

    async def _hear_out(self, heads: Sequence[Position]) -> None:
        """Give the bus a moment to bring what the store has just numbered: to read it as well costs it twice."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + _ON_ITS_WAY
        while any(map(gt, heads, self._known)):
            self._news.clear()
            try:
                async with asyncio.timeout_at(give_up_at):
                    await self._news.wait()
            except TimeoutError:
                return

    async def _repair(self, shard: int, head: Position) -> None:
        """Read what was not heard; if the log no longer has it, read the users instead."""
        known = self._known[shard]
        if known == (0, 0):
            # This process has just begun: what is watched already is read as it is now.
            await self._reread(shard)
            self._known[shard] = max(head, self._known[shard])
            return
        while self._known[shard] < head:
            known = self._known[shard]
            entries = await self._log.after(shard, known)
            if not entries or not _follows(entries[0].position, known):
                await self._reread(shard)
                self._known[shard] = max(head, self._known[shard])
                return
            self._apply(entries)
            self._known[shard] = max(entries[-1].position, self._known[shard])

    def _apply(self, entries: list[Entry]) -> None:
        self._hub.apply(entries)
        self._changed([entry.user for entry in entries])

    async def _reread(self, shard: int) -> None:
        # Shown is only what is news: who reads again because of something that nobody may see of an
        # invisible user would otherwise tell of it.
        self._hub.show_again(await self._read(self._watched_in(shard)))

    def _watched_in(self, shard: int) -> list[str]:
        return [user for user in self._hub.watched() if self._log.shard_of(user) == shard]

    async def _read(self, users: Sequence[str]) -> list[str]:
        """Make `users` known as they are in the store; return those of whom that is news."""
        news = []
        for start in range(0, len(users), _PAGE):
            page = users[start : start + _PAGE]
            for user, seen in (await self._faces.of(page)).items():
                stamp = seen.stamp
                if self._hub.learn(user, seen.face, stamp.version, stamp.changed_at):
                    news.append(user)
        self._changed(users)
        return news

    async def _has_begun(self) -> bool:
        """Return whether the store's epoch is not the one that the hub shows.

        A heartbeat may have heard of a new epoch first, so what the process knows is not the measure; and
        an empty store has no epoch either: two absences are not agreement.
        """
        known = self._epoch.known
        return not known or known != self._followed or await self._epoch.has_changed()

    async def _begin_epoch(self) -> None:
        """Take up the store's epoch: at first, and whenever the store has lost its data."""
        is_first = not self._followed
        await self._epoch.ensure()
        if not is_first:
            log.warning("new_epoch", epoch=self._epoch.known)
            await self._await_restoring()
        _, self._known = await self._log.heads()
        self._hub.cursor = Cursor(self._epoch.known, 0)
        self._hub.forget_faces(self._hub.watched())
        await self._read(self._hub.watched())
        self._followed = self._hub.cursor.epoch
        if not is_first:
            self._reshow()

    async def _await_restoring(self) -> None:
        """Give history time to fill the empty store, so that nobody is shown offline for its fault."""
        give_up_at = asyncio.get_running_loop().time() + _RESTORED_WITHIN
        while asyncio.get_running_loop().time() < give_up_at:
            if await self._epoch.is_restored():
                return
            await asyncio.sleep(0.2)

    def _note_stale(self, is_stale: bool) -> None:
        if is_stale != self.is_stale:
            self.is_stale = is_stale
            self._stale(self._hub.cursor.at if is_stale else None)


def _follows(position: Position, known: Position) -> bool:
    """Return whether `position` is the very next one after `known`."""
    return position in ((known[0] + 1, 0), (known[0], known[1] + 1))

"""Watching: opening a stream, without a gap between its snapshot and its changes.

Flow: GET stream -> **watching** -> access (sight) -> hub (subscribe, read, snapshot) -> events.

Subscribe first, then read, then compose the snapshot from what the hub knows: a change that arrives in
between is in the snapshot, one that arrives after it follows it.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from presence.domain.cursor import Cursor
from presence.domain.instant import Instant, format_instant, milliseconds
from presence.domain.status import Device
from presence.domain.visibility import Lens, Sight, by_user
from presence.fanout.frames import event_frame, retry_frame
from presence.fanout.hub import Hub
from presence.fanout.mailbox import Mailbox
from presence.fanout.snapshots import snapshot_frames
from presence.fanout.watch import Watch
from presence.live.bus import AlertsFired
from presence.service.access import Access
from presence.service.attachments import Attachment, Attachments
from presence.service.errors import Refused, Unavailable
from presence.service.faces import Faces
from presence.service.following import Following
from presence.service.gathering import Gathering
from presence.service.own_views import OwnViews
from presence.service.recent_rules import RecentRules
from presence.service.room_watching import RoomWatching, room_event
from presence.service.rooms import Rooms, views_of
from presence.service.roster import is_resumable_from

_ALL_IS_SEEN = frozenset({Lens.SELF, Lens.EXACT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a stream asks for."""

    viewer: str
    users: tuple[str, ...] = ()
    contacts: bool = False
    rooms: tuple[str, ...] = ()
    session: str | None = None
    device: Device = Device.WEB
    cursor: Cursor | None = None
    pings: bool = False


@dataclass(slots=True, kw_only=True)
class Opened:
    """An open stream: how the hub knows it, the session it keeps alive, and its first bytes."""

    request: Request
    watch: Watch
    attachment: Attachment | None
    beginning: bytes


class Watching:
    """Opens and closes streams. One for each event loop."""

    def __init__(
        self,
        *,
        hub: Hub,
        access: Access,
        faces: Faces,
        recent_rules: RecentRules,
        following: Callable[[], Following],
        attachments: Attachments,
        own_views: OwnViews,
        rooms: Rooms,
        room_watching: RoomWatching,
        max_watched: int,
        max_streams: int,
        stream_age: timedelta,
        jitter: float,
        retry_interval: timedelta,
        stale_after: timedelta,
        resumable_for: timedelta,
    ) -> None:
        """Open at most `max_streams`, each for about `stream_age` and at most `max_watched` users."""
        self._hub = hub
        self._access = access
        self._following = following
        self._attachments = attachments
        self._own_views = own_views
        self._rooms = rooms
        self._room_watching = room_watching
        self._max_watched = max_watched
        self._max_streams = max_streams
        self._age = stream_age.total_seconds()
        self._jitter = jitter
        self._retry = milliseconds(retry_interval)
        self._stale_after = milliseconds(stale_after)
        self._resumable_for = milliseconds(resumable_for)
        self._requests: dict[Watch, Request] = {}
        self._unseen: dict[Watch, tuple[str, ...]] = {}
        self._judgements = 0
        self._recent_rules = recent_rules
        # Streams that open at once share their reads: thousands reconnect after a deploy.
        self._unknown = Gathering(faces.of, most=1_000)
        self._rules_at = Gathering(faces.rules_at, most=1_000)
        self.is_draining = False

    def is_full(self, coming: int) -> bool:
        """Return whether this process takes no more streams beside its own and so many that are `coming`."""
        return self.is_draining or self._hub.streams + coming >= self._max_streams

    async def open(self, request: Request, end: Callable[[str], None]) -> Opened:
        """Return the opened stream; the caller sends its beginning, then calls `start`.

        `end(reason)` is called when the server wants it closed: rotate, drain, stalled, revoked.

        Raises:
            Refused: too many users.
            Unavailable: the process has all the streams it takes, or a store did not answer; try again later.
        """
        if self.is_full(0):
            raise Unavailable("this process takes no more streams", retry_after=1)
        judgements = self._judgements
        sight, unseen = await self._sight(request)
        loop = asyncio.get_running_loop()
        spread = random.uniform(1 - self._jitter, 1 + self._jitter)
        watch = Watch(
            Mailbox(request.viewer, loop.time()),
            expires_at=loop.time() + self._age * spread,
            pings=request.pings,
            end=end,
        )
        attachment = None
        try:
            if request.session is not None:
                attachment, applied = await self._attachments.attach(
                    user=request.viewer,
                    session=request.session,
                    stream=uuid4().hex,
                    device=request.device,
                )
            unknown = self._hub.open(watch, sight)
            if attachment is not None:
                self._own_views.take(request.viewer, applied)
            elif Lens.SELF in sight:
                await self._own_views.read(request.viewer)
            await self._learn(unknown)
            rooms = await views_of(self._rooms, viewer=request.viewer, names=request.rooms)
            await self._following().freshen()
            cursor = request.cursor
            if cursor is not None and await self._have_rules_changed(
                request.viewer, sight, unseen, since=cursor
            ):
                cursor = None
            while judgements != self._judgements:  # a rule changed while this was being opened
                judgements, judged = self._judgements, watch.mailbox.watched
                unseen = await self._retarget(watch, request)
                if by_user(watch.mailbox.watched) != by_user(judged):
                    cursor = None  # the snapshot must be whole
        except BaseException:
            self._hub.close(watch)
            if attachment is not None:
                self._attachments.lose(attachment)
            raise
        self._requests[watch] = request
        self._note_unseen(watch, unseen)
        since = cursor.at if cursor is not None and self._is_resumable(cursor) else None
        told = (room_event(view, self._hub.cursor) for view in rooms)
        beginning = b"".join((retry_frame(self._retry), *self._snapshot(watch, since), *told))
        self._room_watching.add(watch, rooms)
        return Opened(request=request, watch=watch, attachment=attachment, beginning=beginning)

    def close(self, opened: Opened, *, is_lost: bool) -> None:
        """Forget a stream; `is_lost` says that the client went, not the server."""
        self._requests.pop(opened.watch, None)
        self._unseen.pop(opened.watch, None)
        self._hub.close(opened.watch)
        self._room_watching.remove(opened.watch)
        if opened.attachment is not None:
            if is_lost:
                self._attachments.lose(opened.attachment)
            else:
                self._attachments.release(opened.attachment)

    async def rejudge(self, users: Sequence[str]) -> None:
        """Judge again who sees whom on every stream that concerns `users`.

        Raises:
            Unavailable: Postgres did not answer; the caches are forgotten all the same.
        """
        self._judgements += 1
        changed = set(users)
        self._access.forget(users)
        self._room_watching.touch_all()
        for watch, request in list(self._requests.items()):
            if watch.closed or not self._is_concerned(request, watch, changed):
                continue
            try:
                unseen = await self._retarget(watch, request)
            except Refused:  # whom they let see them has made it too many
                watch.end("revoked")
            else:
                self._note_unseen(watch, unseen)

    async def _retarget(self, watch: Watch, request: Request) -> tuple[str, ...]:
        """Let `watch` see what it may now; return who is asked for and may not be seen."""
        sight, unseen = await self._sight(request)
        if not watch.closed:
            unknown = self._hub.retarget(watch.mailbox, sight)
            if unknown:
                await self._learn(unknown)
                self._hub.show_again(unknown)
        return unseen

    def _note_unseen(self, watch: Watch, unseen: tuple[str, ...]) -> None:
        """Remember who is asked for and may not be seen: they may be seen later. Most streams have nobody."""
        if unseen and not watch.closed:
            self._unseen[watch] = unseen
        else:
            self._unseen.pop(watch, None)

    def _is_concerned(self, request: Request, watch: Watch, changed: set[str]) -> bool:
        return (
            request.viewer in changed
            or not changed.isdisjoint(request.users)
            or not changed.isdisjoint(self._unseen.get(watch, ()))
            or any(not changed.isdisjoint(users) for users in watch.mailbox.watched.values())
        )

    def reshow(self) -> None:
        """Send every stream a whole snapshot: what it knows is of an epoch that is over."""
        now = asyncio.get_running_loop().time()
        for watch in self._hub.all_watches():
            if not watch.mailbox.is_held:
                body = b"".join(self._snapshot(watch, None))
                if not watch.mailbox.write(body, now):
                    watch.end("rotate")  # too far behind for a snapshot: it comes back for one

    def tell_alert(self, fired: AlertsFired) -> None:
        """Tell the streams of those who asked that somebody is online."""
        data = {"user": fired.user, "status": "online", "at": format_instant(fired.at)}
        self._hub.tell(fired.viewers, event_frame("alert", data))

    def note_stale(self, as_of: Instant | None) -> None:
        """Tell every stream that what it shows may be old since `as_of`, or (None) is fresh again."""
        if as_of is not None:
            self._hub.broadcast(event_frame("stale", {"as_of": format_instant(as_of)}))
        else:
            self._hub.broadcast(event_frame("fresh", {}))

    async def drain(self, within: timedelta) -> None:
        """Send every stream away, spread over `within`; take no new ones."""
        self.is_draining = True
        watches = self._hub.all_watches()
        random.shuffle(watches)
        pause = within.total_seconds() / max(1, len(watches))
        for count, watch in enumerate(watches, start=1):
            watch.end("drain")
            if pause > 0.01 or count % 100 == 0:
                await asyncio.sleep(pause if pause > 0.01 else 100 * pause)

    async def _sight(self, request: Request) -> tuple[Sight, tuple[str, ...]]:
        """Return whom the stream may see, and who is asked for and may not be seen."""
        sight = await self._access.sight(
            viewer=request.viewer, users=request.users, contacts=request.contacts
        )
        unseen = sight.get(Lens.NOTHING, ())
        if unseen:
            sight = {lens: users for lens, users in sight.items() if lens is not Lens.NOTHING}
        count = sum(map(len, sight.values()))
        if count > self._max_watched:
            raise Refused("users", f"at most {self._max_watched} watched users, not {count}")
        return sight, unseen

    async def _learn(self, unknown: Sequence[str]) -> None:
        """Make `unknown` known to the hub."""
        for user, seen in (await self._unknown.get_all(unknown)).items():
            self._hub.learn(user, seen.face, seen.stamp.version, seen.stamp.changed_at)

    async def _have_rules_changed(
        self, viewer: str, sight: Sight, unseen: Sequence[str], *, since: Cursor
    ) -> bool:
        """Return whether a rule about the viewer or one of those judged changed since the cursor.

        Those who may not be seen count too: a partial snapshot cannot say who may be seen no longer.
        """
        if not self._is_resumable(since):
            return True  # the snapshot will be whole whatever the rules are
        groups = ((viewer,), *sight.values(), unseen)
        have_changed = await self._recent_rules.have_changed(groups, since=since.at)
        if have_changed:
            return True
        if have_changed is not None:
            # What could not be noted in the log is in the records. It is looked at where something is hidden, which
            # is with few: what was hidden since the cursor must not stay shown.
            hiding = [users for lens, users in sight.items() if lens not in _ALL_IS_SEEN]
            groups = ((viewer,), *hiding, unseen)
        rules_at = await self._rules_at.get_all([user for group in groups for user in group])
        return any(at > since.at for at in rules_at.values())

    def _is_resumable(self, cursor: Cursor) -> bool:
        return is_resumable_from(cursor, self._hub.cursor, self._resumable_for)

    def _snapshot(self, watch: Watch, since: Instant | None) -> Iterator[bytes]:
        return snapshot_frames(
            self._hub.snapshot(watch.mailbox, since),
            self._hub.cursor,
            is_partial=since is not None,
            stale_after=self._stale_after,
        )

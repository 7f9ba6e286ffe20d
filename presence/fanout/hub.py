"""Hub: the one object per web process that hears changes and hands them to the watchers here.

Flow: log entries -> **hub** -> mailboxes -> sinks.

Passive and in memory: it is told what happened (see service.following) and never asks. What it holds is
bounded by what is watched: one topic per watched user, one mailbox per stream.
"""

import asyncio
from collections.abc import Iterable

from presence.domain.changes import Entry
from presence.domain.cursor import Cursor
from presence.domain.face import Face
from presence.domain.instant import Instant
from presence.domain.visibility import Lens, Sight, by_user
from presence.fanout.mailbox import Fragment, Mailbox
from presence.fanout.sinks import Sink
from presence.fanout.timing import Timing
from presence.fanout.topic import Topic
from presence.fanout.upkeep import Upkeep
from presence.fanout.watch import Watch
from presence.fanout.wheel import Wheel
from presence.fanout.wire import WireOwn, encode, gone_record

_STEP = 0.025  # seconds; a tenth of the default flush interval


class Hub:
    """All streams of this process."""

    def __init__(self, timing: Timing) -> None:
        """Nothing is watched yet; `cursor` is set by whoever follows the log."""
        self._timing = timing
        self._topics: dict[str, Topic] = {}
        self._watches: dict[Mailbox, Watch] = {}
        self._flushes: Wheel[Mailbox] = Wheel(step=_STEP, fire=self._flush_due)
        self._upkeep = Upkeep(timing, lambda: self.cursor)
        self.cursor = Cursor("0", 0)
        self.delivered = 0

    # --- Watching ---------------------------------------------------------------------------------

    def open(self, watch: Watch, sight: Sight) -> list[str]:
        """Let `watch` see users as `sight` says; return those whom this process does not know yet.

        The caller makes them known (`learn`), takes the snapshot and then calls `release`; changes
        that arrive meanwhile are in the snapshot, so there is no gap.
        """
        mailbox = watch.mailbox
        self._watches[mailbox] = watch
        mailbox.watched = sight
        unknown = []
        known = self._topics.get
        for lens, users in sight.items():
            for user in users:
                # As `_subscribe` does, without a call for each of 200 users of thousands who come at once.
                topic = known(user) or self._topic(user)
                watchers = topic.watchers.get(lens)
                if watchers is None:
                    topic.watchers[lens] = {mailbox}
                else:
                    watchers.add(mailbox)
                if not topic.is_loaded:
                    unknown.append(user)
        return unknown

    def learn(self, user: str, face: Face, version: int, changed_at: Instant) -> bool:
        """Make a watched user known, as read from the store; what was heard since stays.

        Returns whether it is news.
        """
        topic = self._topics.get(user)
        return topic is not None and topic.show(face, version, changed_at)

    def snapshot(self, mailbox: Mailbox, since: Instant | None = None) -> list[bytes]:
        """Return the encoded records that `mailbox` watches; only those changed after `since`, if given."""
        found = []
        topics = self._topics
        for lens, users in mailbox.watched.items():
            for user in users:
                topic = topics[user]
                if since is not None:
                    changed_at = topic.own_changed_at if lens is Lens.SELF else topic.changed_at
                    if changed_at <= since:
                        continue
                if topic.is_loaded:
                    found.append(topic.records.get(lens) or topic.record(lens))
        mailbox.pending = {}
        return found

    def release(self, watch: Watch, sink: Sink) -> None:
        """Let changes flow to `watch` through `sink`, from the snapshot on."""
        now = asyncio.get_running_loop().time()
        mailbox = watch.mailbox
        waiting = mailbox.pending
        mailbox.release(sink, now)
        self._upkeep.add(watch, now)
        if waiting:
            self._offer(mailbox, now)

    def close(self, watch: Watch) -> None:
        """Forget a stream. Harmless when it is forgotten already."""
        watch.closed = True
        mailbox = watch.mailbox
        if self._watches.pop(mailbox, None) is None:
            return
        for lens, users in mailbox.watched.items():
            for user in users:
                self._unsubscribe(mailbox, user, lens)
        mailbox.watched = {}
        mailbox.pending = {}

    def retarget(self, mailbox: Mailbox, sight: Sight) -> list[str]:
        """Let `mailbox` see exactly what `sight` says from now on; return users to be learned.

        Who is seen no longer goes offline on that stream; who is seen otherwise is shown anew once
        known: call `show_again` for those after learning.
        """
        now = asyncio.get_running_loop().time()
        unknown = []
        known, lenses = by_user(mailbox.watched), by_user(sight)
        mailbox.watched = sight
        for user in known.keys() - lenses.keys():
            version = self._topics[user].version
            self._unsubscribe(mailbox, user, known[user])
            record = encode(gone_record(user=user, version=version))
            mailbox.put(user, Fragment(self.cursor, record))
        for user, lens in lenses.items():
            if known.get(user) is not lens:
                if user in known:
                    self._unsubscribe(mailbox, user, known[user])
                topic = self._subscribe(mailbox, user, lens)
                if topic.is_loaded:
                    mailbox.put(user, topic.fragment(lens, self.cursor))
                else:
                    unknown.append(user)
        if mailbox.pending:
            self._offer(mailbox, now)
        return unknown

    def show_again(self, users: Iterable[str]) -> None:
        """Send the present record of `users` to everyone here who watches them."""
        for user in users:
            topic = self._topics.get(user)
            if topic is not None and topic.is_loaded:
                self._deliver(topic)

    def self_watched(self, users: Iterable[str]) -> list[str]:
        """Return those of `users` who watch themselves here."""
        found = []
        for user in users:
            topic = self._topics.get(user)
            if topic is not None and Lens.SELF in topic.watchers:
                found.append(user)
        return found

    def learn_own(self, user: str, own: WireOwn, changed_at: Instant) -> bool:
        """Make known what only `user` may see; return whether that is news here."""
        topic = self._topics.get(user)
        return topic is not None and topic.show_own(own, changed_at)

    def show_own(self, user: str) -> None:
        """Send `user` their own record."""
        topic = self._topics.get(user)
        if topic is not None and topic.is_loaded and Lens.SELF in topic.watchers:
            now = asyncio.get_running_loop().time()
            fragment = topic.fragment(Lens.SELF, self.cursor)
            for mailbox in topic.watchers[Lens.SELF]:
                mailbox.put(user, fragment)
                self._offer(mailbox, now)

    def tell(self, viewers: Iterable[str], body: bytes) -> None:
        """Write one frame to every stream of `viewers` that accepts it now."""
        wanted = set(viewers)
        now = asyncio.get_running_loop().time()
        for mailbox in list(self._watches):
            if mailbox.viewer in wanted:
                mailbox.write(body, now)

    def all_watches(self) -> list[Watch]:
        """Return every open stream."""
        return list(self._watches.values())

    def is_watched(self, user: str) -> bool:
        """Return whether somebody here watches `user`."""
        return user in self._topics

    def watched(self) -> list[str]:
        """Return every user who is watched here."""
        return list(self._topics)

    def forget_faces(self, users: Iterable[str]) -> None:
        """Count the faces of `users` as unknown: the store lost what they were read from."""
        for user in users:
            topic = self._topics.get(user)
            if topic is not None:
                topic.forget()

    @property
    def streams(self) -> int:
        """Return how many streams are open."""
        return len(self._watches)

    # --- Changes ----------------------------------------------------------------------------------

    def apply(self, entries: Iterable[Entry]) -> None:
        """Hand changes to whoever watches here. Duplicates and own changes do nothing."""
        changed = []
        for entry in entries:
            if entry.change is None:
                continue
            topic = self._topics.get(entry.user)
            if topic is not None and topic.show(entry.change.after, entry.position[0], entry.at):
                changed.append(topic)
        if len(changed) == 1:
            self._deliver(changed[0])
        elif changed:
            self._deliver_together(changed)

    def _deliver(self, topic: Topic) -> None:
        """Write one change straight to every idle mailbox; let it wait in the others."""
        now = asyncio.get_running_loop().time()
        latest = now - self._timing.flush
        user = topic.user
        for lens, mailboxes in topic.watchers.items():
            if lens is Lens.SELF:
                continue  # shown with what only the user may see, by `show_own`, a moment later
            fragment = topic.fragment(lens, self.cursor)
            chunk = fragment.body(True)
            for mailbox in mailboxes:
                sink = mailbox.sink
                if (
                    sink is not None
                    and mailbox.written_at <= latest
                    and not mailbox.pending
                    and sink.write(chunk if sink.is_chunked else fragment.body(False))
                ):
                    mailbox.written_at = mailbox.progress_at = now
                else:
                    mailbox.pending[user] = fragment
                    self._schedule(mailbox, now)
            self.delivered += len(mailboxes)

    def _deliver_together(self, topics: list[Topic]) -> None:
        """Gather several changes that arrived at once, so that each stream gets one event."""
        now = asyncio.get_running_loop().time()
        touched: set[Mailbox] = set()
        for topic in topics:
            for lens, mailboxes in topic.watchers.items():
                if lens is Lens.SELF:
                    continue
                fragment = topic.fragment(lens, self.cursor)
                for mailbox in mailboxes:
                    mailbox.pending[topic.user] = fragment
                touched |= mailboxes
                self.delivered += len(mailboxes)
        for mailbox in touched:
            self._offer(mailbox, now)

    def _offer(self, mailbox: Mailbox, now: float) -> None:
        due = mailbox.written_at + self._timing.flush
        if due > now or not mailbox.flush(self.cursor, now):
            self._schedule(mailbox, now)

    def _schedule(self, mailbox: Mailbox, now: float) -> None:
        if mailbox.is_scheduled or mailbox.is_held:
            return  # a held mailbox is offered what waits when it is released
        mailbox.is_scheduled = True
        # A client that reads too slowly is tried again at the same pace, never in a tight loop.
        pause = max(mailbox.written_at + self._timing.flush - now, _STEP)
        self._flushes.add(mailbox, pause)

    def _flush_due(self, mailbox: Mailbox) -> None:
        mailbox.is_scheduled = False
        if mailbox in self._watches and mailbox.pending:
            now = asyncio.get_running_loop().time()
            if not mailbox.flush(self.cursor, now):
                mailbox.is_scheduled = True
                self._flushes.add(mailbox, max(self._timing.flush, _STEP))

    def _subscribe(self, mailbox: Mailbox, user: str, lens: Lens) -> Topic:
        topic = self._topics.get(user) or self._topic(user)
        topic.watchers.setdefault(lens, set()).add(mailbox)
        return topic

    def _topic(self, user: str) -> Topic:
        topic = self._topics[user] = Topic(user)
        return topic

    def _unsubscribe(self, mailbox: Mailbox, user: str, lens: Lens) -> None:
        topic = self._topics[user]
        topic.watchers[lens].discard(mailbox)
        if not topic.watchers[lens]:
            del topic.watchers[lens]
        if not topic.watchers:
            del self._topics[user]

    def broadcast(self, body: bytes) -> None:
        """Write one frame to every stream that accepts it now."""
        now = asyncio.get_running_loop().time()
        for mailbox in list(self._watches):
            mailbox.write(body, now)

    def shut(self) -> None:
        """Stop every timer."""
        self._flushes.close()
        self._upkeep.shut()

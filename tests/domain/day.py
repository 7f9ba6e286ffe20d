"""A day of one user: signals at instants, with a sweep at the very instant at which anything ends."""

from dataclasses import replace

from presence.domain.changes import Change
from presence.domain.instant import Instant, milliseconds
from presence.domain.policy import Policy
from presence.domain.record import Record
from presence.domain.signals import (
    Heartbeat,
    Leave,
    Signal,
    SignOut,
    Silence,
    StreamOpened,
)
from presence.domain.transitions import advance


class Day:
    """A record through time, what others were shown of it, and every proof of life."""

    def __init__(self, policy: Policy, start: Instant, user: str = "42") -> None:
        self.policy = policy
        self.now = start
        self.record = Record(user=user)
        self.changes: list[tuple[Instant, Change]] = []
        self.proofs: list[Instant] = []

    def send(self, signal: Signal) -> None:
        if self._proves_life(signal):
            self.proofs.append(self.now)
        outcome = advance(self.record, signal, self.now, self.policy)
        self.record = outcome.record
        if outcome.change is not None:
            self.changes.append((self.now, outcome.change))

    def _proves_life(self, signal: Signal) -> bool:
        match signal:
            case Heartbeat() | StreamOpened():
                return True
            case SignOut(session=name):
                return name in self.record.sessions
            case Leave(session=name):
                return name in self.record.sessions and not self.record.sessions[name].leaving
            case _:
                return False

    def renew(self, session: str) -> None:
        """What the hot path does: move the deadlines that are there, and nothing else."""
        found = self.record.sessions.get(session)
        if found is None or found.leaving:
            return
        if found.beat_until is not None:
            found = replace(found, beat_until=self.now + self.policy.lease_for(found.activity))
        if found.stream_until is not None:
            lease = milliseconds(self.policy.stream_lease_after)
            found = replace(found, stream_until=self.now + lease)
        self.record = replace(self.record, sessions={**self.record.sessions, session: found})
        self.proofs.append(self.now)

    def wait(self, pause: int) -> None:
        """Let `pause` milliseconds pass; whatever ends meanwhile ends on time."""
        until = self.now + pause
        while (due := self.next_end()) is not None and due <= until:
            self.now = max(due, self.now)
            self.send(Silence())
        self.now = until

    def next_end(self) -> Instant | None:
        ends = [self.record.due_at(self.now, self.policy)]
        for session in self.record.sessions.values():
            ends += [session.beat_until, session.stream_until]
        return min((end for end in ends if end is not None), default=None)

    def sign_out_everywhere(self) -> None:
        for session in tuple(self.record.sessions):
            self.send(SignOut(session=session))

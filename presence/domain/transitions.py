"""Transitions: what each signal does to a record. The rules of presence, all of them.

Flow: record + signal + now + policy -> **advance** -> outcome.

Read `TRANSITIONS` first: it says for every phase of a session and everything that can happen to it
what follows. What others see is then derived (see `derivation`), never set.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from presence.domain.changes import Change, Outcome
from presence.domain.derivation import derive
from presence.domain.face import Face
from presence.domain.instant import Instant, milliseconds
from presence.domain.message import Message
from presence.domain.policy import Policy
from presence.domain.record import AUTOMATIC, Record
from presence.domain.session import Phase, Session, phase_of
from presence.domain.signals import (
    Chosen,
    Claimed,
    Elapsed,
    Heartbeat,
    Leave,
    MessageWritten,
    PushRegistered,
    SessionSignal,
    Signal,
    SignOut,
    Silence,
    StreamLost,
    StreamOpened,
    Unclaimed,
)
from presence.domain.status import Activity, Availability, Device, Status

Effect = Callable[[Session | None, SessionSignal | Silence, Instant, Policy], Session | None]


def advance(record: Record, signal: Signal, now: Instant, policy: Policy) -> Outcome:
    """Return what `signal` makes of `record` at `now`.

    Total (every record, every signal) and idempotent (the same signal again at the same `now`
    changes nothing). `outcome.change` is there exactly if what others see differs.
    """
    # Before, so that a claim that has ended pushes out no new one; after, as the signal may have brought one.
    after = _without_ended(_apply(_without_ended(record, now), signal, now, policy), now)
    after = _with_face(record, after, now, policy)
    change = None
    if after.face != record.face:
        change = Change(user=record.user, before=record.face, after=after.face)
    return Outcome(before=record, record=after, change=change)


# --- Effects: one session, one signal -------------------------------------------------------------


def join(
    _: Session | None, signal: SessionSignal | Silence, now: Instant, policy: Policy
) -> Session:
    """A session nobody knew reports for the first time."""
    assert isinstance(signal, Heartbeat)
    idle = signal.activity is Activity.IDLE
    return Session(
        id=signal.session,
        device=signal.device or Device.WEB,
        activity=signal.activity,
        rooms=signal.rooms,
        since=now,
        seen_at=now,
        # One that arrives idle says that its idle time has passed already.
        active_at=now - milliseconds(policy.idle_after) if idle else now,
        beat_until=now + policy.lease_for(signal.activity),
    )


def renew(
    session: Session | None, signal: SessionSignal | Silence, now: Instant, policy: Policy
) -> Session:
    """A known session reports; one that was leaving is back."""
    assert session is not None and isinstance(signal, Heartbeat)
    known = session.folded(policy)
    active_at = known.active_at
    if signal.activity is Activity.ACTIVE:
        active_at = now
    elif signal.activity is Activity.IDLE:
        active_at = min(active_at, now - milliseconds(policy.idle_after))
    return replace(
        known,
        device=signal.device or known.device,
        activity=signal.activity,
        rooms=signal.rooms,
        seen_at=now,
        active_at=active_at,
        leaving=False,
        beat_until=now + policy.lease_for(signal.activity),
    )


def appear(
    _: Session | None, signal: SessionSignal | Silence, now: Instant, policy: Policy
) -> Session:
    """A session nobody knew opens a stream: that is its first sign of life."""
    assert isinstance(signal, StreamOpened)
    return Session(
        id=signal.session,
        device=signal.device,
        activity=Activity.ACTIVE,
        since=now,
        seen_at=now,
        active_at=now,
        stream=signal.stream,
        stream_until=now + milliseconds(policy.stream_lease_after),
    )


def attach(
    session: Session | None, signal: SessionSignal | Silence, now: Instant, policy: Policy
) -> Session:
    """A known session opens a stream, which from now on proves its life."""
    assert session is not None and isinstance(signal, StreamOpened)
    known = session.folded(policy)
    return replace(
        known,
        seen_at=now,
        leaving=False,
        # The end of a grace is no proof of life: the stream alone carries a session that returns.
        beat_until=None if session.leaving else session.beat_until,
        stream=signal.stream,
        stream_until=now + milliseconds(policy.stream_lease_after),
    )


def start_grace(
    session: Session | None, signal: SessionSignal | Silence, now: Instant, policy: Policy
) -> Session:
    """Shorten what is left to the leave grace. Saying goodbye is itself a proof of life."""
    assert session is not None
    known = session.folded(policy)
    return replace(
        known,
        seen_at=now if isinstance(signal, Leave) else known.seen_at,
        leaving=True,
        stream=None,
        stream_until=None,
        beat_until=now + milliseconds(policy.leave_grace),
    )


def lose_stream(
    session: Session | None, signal: SessionSignal | Silence, now: Instant, policy: Policy
) -> Session | None:
    """The stream broke: a grace, unless the session has a newer stream already."""
    assert session is not None and isinstance(signal, StreamLost)
    if session.stream != signal.stream:
        return session
    return start_grace(session, signal, now, policy)


def end(_: Session | None, __: SessionSignal | Silence, ___: Instant, ____: Policy) -> None:
    """The session is over."""


def stay(
    session: Session | None, _: SessionSignal | Silence, __: Instant, ___: Policy
) -> Session | None:
    """Nothing follows."""
    return session


def run_out(
    session: Session | None, signal: SessionSignal | Silence, now: Instant, policy: Policy
) -> Session | None:
    """Drop the leases that have run out; without any left the session is over."""
    assert session is not None
    assert isinstance(signal, Silence)
    if signal.is_held and not session.leaving:
        return session
    beat_until, stream_until = session.beat_until, session.stream_until
    if beat_until is not None and beat_until <= now:
        beat_until = None
    if stream_until is not None and stream_until <= now:
        stream_until = None
    if beat_until is None and stream_until is None:
        return None
    if (beat_until, stream_until) == (session.beat_until, session.stream_until):
        return session
    return replace(
        session.folded(policy),
        beat_until=beat_until,
        stream_until=stream_until,
        stream=session.stream if stream_until is not None else None,
    )


TRANSITIONS: Mapping[tuple[Phase, type[SessionSignal | Silence]], Effect] = MappingProxyType(
    {
        (Phase.ABSENT, Heartbeat): join,
        (Phase.ABSENT, StreamOpened): appear,
        (Phase.ABSENT, Leave): stay,
        (Phase.ABSENT, SignOut): stay,
        (Phase.ABSENT, StreamLost): stay,
        (Phase.ABSENT, Silence): stay,
        (Phase.PRESENT, Heartbeat): renew,
        (Phase.PRESENT, StreamOpened): attach,
        (Phase.PRESENT, Leave): start_grace,
        (Phase.PRESENT, SignOut): end,
        (Phase.PRESENT, StreamLost): lose_stream,
        (Phase.PRESENT, Silence): run_out,
        (Phase.LEAVING, Heartbeat): renew,
        (Phase.LEAVING, StreamOpened): attach,
        (Phase.LEAVING, Leave): stay,
        (Phase.LEAVING, SignOut): end,
        (Phase.LEAVING, StreamLost): stay,
        (Phase.LEAVING, Silence): run_out,
    }
)


# --- The record around them -----------------------------------------------------------------------


def _apply(record: Record, signal: Signal, now: Instant, policy: Policy) -> Record:
    match signal:
        case Chosen(choice=choice):
            return replace(record, choice=choice)
        case MessageWritten(message=message):
            return replace(record, message=message)
        case Claimed(claim=claim):
            claims = {**record.claims, claim.app: claim}
            strongest = sorted(
                claims.values(), key=lambda each: (each.priority, each.since, each.app)
            )
            kept = {each.app for each in strongest[-policy.max_claims :]}
            return replace(record, claims={k: v for k, v in claims.items() if k in kept})
        case PushRegistered(is_pushable=is_pushable):
            return replace(record, is_pushable=is_pushable)
        case Unclaimed(app=app):
            return replace(record, claims={k: v for k, v in record.claims.items() if k != app})
        case Elapsed():
            return record  # what has ended goes for every signal, see `_without_ended`
        case Silence():
            for session in tuple(record.sessions.values()):
                record = _step(record, session.id, signal, now, policy)
            return record
        case _:
            return _bounded(
                _step(record, signal.session, signal, now, policy), signal.session, policy
            )


def _step(
    record: Record, name: str, signal: SessionSignal | Silence, now: Instant, policy: Policy
) -> Record:
    session = record.sessions.get(name)
    after = TRANSITIONS[phase_of(session), type(signal)](session, signal, now, policy)
    if after == session:
        return record
    if after is not None:
        return replace(record, sessions={**record.sessions, name: after})
    assert session is not None
    sessions = {key: value for key, value in record.sessions.items() if key != name}
    proof = now if isinstance(signal, SignOut) else session.proven_at(policy)
    return replace(record, sessions=sessions, proven_at=max(record.proven_at or 0, proof))


def _bounded(record: Record, name: str, policy: Policy) -> Record:
    """Keep the number of sessions bounded, whatever ids a client makes up: the stalest go, never `name`."""
    if len(record.sessions) <= policy.max_sessions:
        return record
    freshest = sorted(
        record.sessions.values(),
        key=lambda each: (each.id == name, each.proven_at(policy), each.since, each.id),
    )
    kept = {each.id for each in freshest[-policy.max_sessions :]}
    return replace(record, sessions={k: v for k, v in record.sessions.items() if k in kept})


def _without_ended(record: Record, now: Instant) -> Record:
    """Return the record without the choice, message and claims that time has ended."""
    if record.choice.is_over(now):
        record = replace(record, choice=AUTOMATIC)
    if record.message is not None and record.message.is_over(now):
        record = replace(record, message=None)
    if any(claim.is_over(now) for claim in record.claims.values()):
        running = {app: claim for app, claim in record.claims.items() if not claim.is_over(now)}
        record = replace(record, claims=running)
    return record


def _with_face(before: Record, record: Record, now: Instant, policy: Policy) -> Record:
    """Return the record with the face that others see now.

    An invisible user must look exactly like one who left when the veil fell. So a veiled record shows
    nothing of what happens behind it: only a message that was shown already still ends on time. That
    goes for one without a session too: they may still write a message, which would tell of them.
    """
    derivation = derive(record, now, policy)
    status = Status.OFFLINE if derivation.invisible else derivation.status
    chosen = record.choice.availability is Availability.INVISIBLE
    veiled = chosen or (before.veiled and status is Status.OFFLINE)
    face = before.face
    message = _unless_over(face.message if veiled else record.message, now)
    devices: tuple[Device, ...] = ()
    if status is not Status.OFFLINE:
        devices = tuple(sorted({session.device for session in record.sessions.values()}))
    last_seen, since = face.last_seen, face.since
    if status is not face.status:
        since = now
        last_seen = None
        if status is Status.OFFLINE:
            last_seen = now if derivation.invisible else record.proven_at
    return replace(
        record,
        veiled=veiled,
        face=Face(
            status=status,
            since=since,
            last_seen=last_seen,
            devices=devices,
            message=message,
            is_pushable=face.is_pushable if veiled else record.is_pushable,
        ),
    )


def _unless_over(message: Message | None, now: Instant) -> Message | None:
    return None if message is None or message.is_over(now) else message

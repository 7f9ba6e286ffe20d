"""What can be: policies, records, signals, as Hypothesis makes them up.

Instants lie around `NOW`. Ids come from small sets, so that signals meet sessions that are there.
"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from presence.domain.claim import CLAIMABLE, Claim
from presence.domain.face import Face
from presence.domain.instant import milliseconds, parse_instant
from presence.domain.message import Message
from presence.domain.policy import Policy
from presence.domain.record import Choice, Record
from presence.domain.session import Session
from presence.domain.signals import (
    Chosen,
    Claimed,
    Elapsed,
    Heartbeat,
    Leave,
    MessageWritten,
    PushRegistered,
    SignOut,
    Silence,
    StreamLost,
    StreamOpened,
    Unclaimed,
)
from presence.domain.status import Activity, Availability, Device, Status
from presence.domain.transitions import advance

NOW = parse_instant("2026-11-22T20:15:00.123Z")
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

POLICY = Policy()
TIGHT = replace(POLICY, max_sessions=2, max_claims=2, leave_grace=timedelta(0))

policies = st.sampled_from([POLICY, TIGHT])
session_ids = st.sampled_from(["tab", "phone", "desk"])
streams = st.sampled_from(["x", "y"])
apps = st.sampled_from(["calls", "meetings", "focus"])
activities = st.sampled_from(Activity)
devices = st.sampled_from([Device.WEB, Device.MOBILE])
rooms = st.sampled_from([(), ("hall",), ("hall", "attic")])
# Steps of all the sizes that matter: within a beat, a grace, a lease, an idle time, a night.
pauses = st.one_of(
    st.integers(0, 15 * SECOND), st.integers(0, 3 * MINUTE), st.integers(0, 12 * HOUR)
)
ends = st.one_of(st.none(), st.integers(-MINUTE, 10 * MINUTE).map(NOW.__add__))


def messages(until=ends):
    return st.builds(
        Message, text=st.sampled_from(["lunch", "on a train"]), emoji=st.just("🚆"), until=until
    )


lately = st.integers(NOW - HOUR, NOW)
sooner_or_later = st.integers(NOW - MINUTE, NOW + HOUR)


def claims(since=lately, until=sooner_or_later):
    return st.builds(
        Claim,
        app=apps,
        status=st.sampled_from(sorted(CLAIMABLE)),
        label=st.just("in a call"),
        priority=st.integers(0, 3),
        since=since,
        until=until,
    )


def choices(until=ends, availabilities=tuple(Availability)):
    return st.builds(Choice, availability=st.sampled_from(availabilities), until=until)


heartbeats = st.builds(
    Heartbeat, session=session_ids, activity=activities, device=st.none() | devices, rooms=rooms
)
streams_opened = st.builds(StreamOpened, session=session_ids, stream=streams, device=devices)
streams_lost = st.builds(StreamLost, session=session_ids, stream=streams)
leaves = st.builds(Leave, session=session_ids)
sign_outs = st.builds(SignOut, session=session_ids)
session_signals = st.one_of(heartbeats, streams_opened, streams_lost, leaves, sign_outs)
user_signals = st.one_of(
    st.builds(Chosen, choice=choices()),
    st.builds(MessageWritten, message=st.none() | messages()),
    st.builds(Claimed, claim=claims()),
    st.builds(Unclaimed, app=apps),
    st.builds(PushRegistered, is_pushable=st.booleans()),
)
time_signals = st.sampled_from([Silence(), Elapsed()])
signals = st.one_of(session_signals, user_signals, time_signals)


@st.composite
def sessions(draw, name, policy=POLICY):
    """A session as the store may hold it at `NOW`: its leases may have run out unnoticed."""
    activity = draw(activities)
    since = NOW - draw(st.integers(0, 2 * HOUR))
    seen_at = draw(st.integers(since, NOW))
    active_at = draw(st.integers(since - milliseconds(policy.idle_after), seen_at))
    leaving = draw(st.booleans())
    lease = milliseconds(policy.leave_grace) if leaving else policy.lease_for(activity)
    stream_lease = milliseconds(policy.stream_lease_after)
    beat_until = draw(st.integers(seen_at + min(lease, NOW - seen_at), NOW + lease))
    stream_until = None
    if not leaving and draw(st.booleans()):
        stream_until = draw(st.integers(NOW - stream_lease, NOW + stream_lease))
        beat_until = draw(st.sampled_from([beat_until, None]))
    return Session(
        id=name,
        device=draw(devices),
        activity=activity,
        rooms=draw(rooms),
        since=since,
        seen_at=seen_at,
        active_at=active_at,
        leaving=leaving,
        stream=draw(streams) if stream_until is not None else None,
        beat_until=beat_until,
        stream_until=stream_until,
    )


@st.composite
def faces(draw):
    status = draw(st.sampled_from(Status))
    since = NOW - draw(st.integers(0, HOUR))
    if status is Status.OFFLINE:
        return Face(
            status=status,
            since=since,
            last_seen=since - draw(st.integers(0, MINUTE)),
            message=draw(st.none() | messages()),
        )
    return Face(
        status=status, since=since, devices=(draw(devices),), message=draw(st.none() | messages())
    )


@st.composite
def records(draw, policy=POLICY):
    """Any record, whatever its past; time may have passed over it unnoticed."""
    names = draw(st.sets(session_ids, max_size=policy.max_sessions))
    found = draw(st.lists(claims(), max_size=policy.max_claims, unique_by=lambda each: each.app))
    record = Record(
        user="42",
        sessions={name: draw(sessions(name, policy)) for name in sorted(names)},
        choice=draw(choices()),
        message=draw(st.none() | messages()),
        claims={claim.app: claim for claim in found},
        face=draw(faces()),
        veiled=draw(st.booleans()),
        proven_at=draw(st.none() | st.integers(NOW - DAY, NOW)),
    )
    if record.veiled:
        record = replace(
            record, face=Face(status=Status.OFFLINE, since=NOW - HOUR, last_seen=NOW - HOUR)
        )
    return record


@st.composite
def settled_records(draw, policy=POLICY):
    """A record after a signal at `NOW`: nothing in it has ended unnoticed."""
    return advance(draw(records(policy)), draw(time_signals), NOW, policy).record

"""Explanation: why a person has the status that others see, in words for an operator.

Flow: wiring -> service.why -> **explanation** -> the person's page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from presence.admin import show
from presence.domain.derivation import Derivation, Rule
from presence.domain.instant import Instant, to_datetime
from presence.service.errors import Unavailable
from presence.service.why import Explanation, SessionView
from presence.wiring import call

_SENTENCES = {
    Rule.NO_SESSION: "No session is alive, so the person is offline.",
    Rule.CHOICE: "The person chose it, and that stands above everything but the absence of sessions.",
    Rule.CLAIM: "An application claims it, and the person chose nothing.",
    Rule.ACTIVE_SESSION: "The most available session decides, and this one is active.",
    Rule.ALL_IDLE: "All sessions are idle.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSession:
    """One session as a row of the page."""

    id: str
    device: str
    activity: str
    rooms: str
    since: SafeString
    last_beat: SafeString
    lease_left: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClaim:
    """One application's claim as a row of the page."""

    app: str
    label: str
    status: SafeString
    priority: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownExplanation:
    """What the page shows; with a `failure` nothing else is known."""

    failure: str = ""
    status: SafeString = show.EMPTY
    others_see: SafeString = show.EMPTY
    sentence: str = ""
    by: str = ""
    availability: str = ""
    until: datetime | None = None
    sessions: tuple[ShownSession, ...] = ()
    claims: tuple[ShownClaim, ...] = ()


def ask(user: str) -> Explanation:
    """Return the service's explanation; raises Unavailable, or TimeoutError after 30 s."""
    return call(lambda parts: parts.why.explain(user=user))


def explanation_of(user: str, *, ask: Callable[[str], Explanation] = ask) -> ShownExplanation:
    """Return why `user` has the status that others see, or that the live store cannot tell."""
    try:
        return shown(ask(user))
    except Unavailable as error:
        return ShownExplanation(failure=error.detail)
    except TimeoutError:
        return ShownExplanation(failure="the live store took too long to answer")


def shown(explanation: Explanation) -> ShownExplanation:
    """Return `explanation` as the page shows it."""
    choice, derivation = explanation.choice, explanation.derivation
    now = to_datetime(explanation.now)
    return ShownExplanation(
        status=show.status_dot(derivation.status),
        others_see=show.status_dot(explanation.record.face.status),
        sentence=sentence(derivation),
        by=derivation.by or "",
        availability=choice.availability.value,
        until=_moment(choice.until),
        sessions=tuple(_session(each, now) for each in explanation.sessions),
        claims=tuple(
            ShownClaim(
                app=claim.app,
                label=claim.label,
                status=show.status_dot(claim.status),
                priority=claim.priority,
                until=to_datetime(claim.until),
            )
            for claim in explanation.claims
        ),
    )


def sentence(derivation: Derivation) -> str:
    """Return the rule that won, in words."""
    if derivation.invisible:
        return "The person chose to be invisible: everyone else is shown offline."
    return _SENTENCES[derivation.rule]


def _session(session: SessionView, now: datetime) -> ShownSession:
    activity = session.activity.value
    marks = (
        (session.is_idle and activity != "idle", "idle"),
        (session.has_stream, "stream open"),
        (session.is_leaving, "leaving"),
    )
    return ShownSession(
        id=session.id,
        device=session.device.value,
        activity=", ".join([activity, *(word for holds, word in marks if holds)]),
        rooms=", ".join(session.rooms) or "–",
        since=show.ago(to_datetime(session.since), now=now),
        last_beat=show.ago(to_datetime(session.last_beat_at), now=now),
        lease_left=f"{session.lease_left_ms / 1000:.0f} s",
    )


def _moment(at: Instant | None) -> datetime | None:
    return None if at is None else to_datetime(at)

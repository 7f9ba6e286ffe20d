"""Why: the derivation of a user's status, for the user and for operators.

Flow: API, admin -> **why** -> record -> domain.derivation -> explanation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from presence.domain.claim import Claim
from presence.domain.derivation import Derivation, derive
from presence.domain.instant import Instant
from presence.domain.policy import Policy
from presence.domain.record import Choice, Record
from presence.domain.status import Activity, Device
from presence.live.connection import LiveUnavailableError
from presence.live.records import Records
from presence.service.errors import Unavailable
from presence.service.homes import Homes


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """One session: what it reported, when it last proved life, how long it has left (ms)."""

    id: str
    device: Device
    activity: Activity
    is_idle: bool
    is_leaving: bool
    has_stream: bool
    rooms: Sequence[str]
    since: Instant
    last_beat_at: Instant
    last_active_at: Instant
    lease_left_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that decides the status of `user` at `now`, and the rule that won."""

    user: str
    now: Instant
    record: Record
    derivation: Derivation
    sessions: Sequence[SessionView]
    choice: Choice
    claims: Sequence[Claim]


class Why:
    """Explains statuses."""

    def __init__(self, records: Records, homes: Homes, policy: Policy) -> None:
        """Explain what `records` hold."""
        self._records = records
        self._homes = homes
        self._policy = policy

    async def explain(self, *, user: str) -> Explanation:
        """Return why `user` has the status that others see.

        Raises:
            Unavailable: a store did not answer.
        """
        try:
            (loaded,) = await self._records.load([user])
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        now, record = loaded.now, loaded.record
        if loaded.is_new:
            record = (await self._homes.of(user)).settle(record)
        sessions = [
            SessionView(
                id=each.id,
                device=each.device,
                activity=each.activity,
                is_idle=each.is_idle(now, self._policy),
                is_leaving=each.leaving,
                has_stream=each.stream_until is not None,
                rooms=each.rooms,
                since=each.since,
                last_beat_at=each.proven_at(self._policy),
                last_active_at=each.last_active_at(self._policy),
                lease_left_ms=max(0, max(each.beat_until or 0, each.stream_until or 0) - now),
            )
            for each in record.sessions.values()
        ]
        return Explanation(
            user=user,
            now=now,
            record=record,
            derivation=derive(record, now, self._policy),
            sessions=sessions,
            choice=record.choice,
            claims=list(record.claims.values()),
        )

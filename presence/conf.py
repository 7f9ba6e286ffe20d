"""Settings: the only reader of `settings.PRESENCE`; typed, and refused at start when impossible.

Flow: environment -> Django settings `PRESENCE` -> **conf** -> wiring -> every part.

Values may be strings (as the environment gives them) or Python values. Durations are seconds, or
`timedelta`. An unknown name is refused, so that a typo cannot pass for a setting.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import timedelta
from functools import cache
from typing import Any, get_type_hints

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from presence.domain.policy import ImpossiblePolicyError, Policy
from presence.domain.visibility import Audience, Precision, Privacy

_POLICY = Policy()
# Long enough that nothing but an absence is taken for one.
_SERVING_LASTS = timedelta(seconds=5)


def _setting(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


def _rule(name: str, about: str) -> Any:
    return _setting(getattr(_POLICY, name), about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, with its default. `docs/operations.md` has the same table, held by a test."""

    redis_url: str = _setting(
        "redis://127.0.0.1:6379/0",
        "Live state: redis://, rediss://, unix://, redis+sentinel://h1,h2/master or redis+cluster://",
    )
    key_prefix: str = _setting("presence", "Prefix of every Redis key and channel-layer group")
    shards: int = _setting(64, "Slices of users. Cannot change while the live store has data")
    # The rules (presence.domain.policy says which relations must hold).
    heartbeat_interval: timedelta = _rule("heartbeat_interval", "Heartbeat of a visible session")
    hidden_heartbeat_interval: timedelta = _rule(
        "hidden_heartbeat_interval", "Heartbeat of a hidden session; browsers allow one a minute"
    )
    jitter: float = _rule("jitter", "Share by which intervals are spread, both ways")
    lease_after: timedelta = _rule("lease_after", "Silence after which a visible session ends")
    hidden_lease_after: timedelta = _rule(
        "hidden_lease_after", "Silence after which a hidden session ends"
    )
    stream_lease_after: timedelta = _rule(
        "stream_lease_after", "How long an open stream's last renewal keeps its session"
    )
    stream_renewal_interval: timedelta = _rule(
        "stream_renewal_interval", "How often a process renews the sessions of its open streams"
    )
    idle_after: timedelta = _rule("idle_after", "Inactivity after which a session counts as away")
    leave_grace: timedelta = _rule("leave_grace", "Grace after a leave or a broken stream")
    forget_after: timedelta = _rule(
        "forget_after", "How long Redis keeps the record of a user who is offline"
    )
    max_sessions: int = _rule("max_sessions", "Sessions of one user; the stalest gives way")
    max_rooms: int = _rule("max_rooms", "Rooms that one session may be in")
    max_claims: int = _rule("max_claims", "Applications that may claim one user's status")
    # The worker.
    sweep_interval: timedelta = _setting(timedelta(seconds=1), "How often leases are swept")
    hold_after: timedelta = _setting(
        timedelta(seconds=5), "Absence of sweeps after which expiry holds a lease"
    )
    log_length: int = _setting(
        100_000, "Changes that each shard's log keeps for history and repair"
    )
    history_batch: int = _setting(1_000, "Changes written to Postgres in one transaction")
    history_interval: timedelta = _setting(timedelta(seconds=0.5), "How often history is written")
    history_months: int = _setting(
        0, "Months of history that the worker keeps besides the present one; 0 keeps all"
    )
    # Streams.
    keepalive_interval: timedelta = _setting(timedelta(seconds=15), "Comment on a silent stream")
    stream_age: timedelta = _setting(timedelta(minutes=10), "Age at which a stream is rotated")
    flush_interval: timedelta = _setting(
        timedelta(seconds=0.25), "Least time between two writes to one busy stream"
    )
    publish_interval: timedelta = _setting(
        timedelta(seconds=0.025),
        "Least time between two messages of a process that keeps publishing; 0: none",
    )
    room_interval: timedelta = _setting(
        timedelta(seconds=0.25),
        "Least time between two looks at a watched room; 4 times that above 50 members, 20 times from 1,000 on",
    )
    stall_after: timedelta = _setting(
        timedelta(seconds=60), "A stream that accepts nothing for so long is closed"
    )
    retry_interval: timedelta = _setting(timedelta(seconds=3), "The `retry:` of a stream")
    verify_interval: timedelta = _setting(
        timedelta(seconds=1), "How often a hub compares its versions with the store's"
    )
    max_watched: int = _setting(1_000, "Users that one stream or poll may watch")
    max_streams: int = _setting(50_000, "Streams that one process accepts")
    max_user_streams: int = _setting(50, "Streams of one user that one process accepts")
    drain_after: timedelta = _setting(
        timedelta(seconds=10), "Time over which a stopping process spreads its goodbyes"
    )
    # Requests.
    max_body: int = _setting(8_192, "Longest request body in bytes")
    allowed_origins: tuple[str, ...] = _setting(
        (), "Other origins whose pages may use the consumers, with credentials"
    )
    beat_gap: timedelta = _setting(
        timedelta(seconds=5),
        "Window in which more than 3 beats of one session are too many: it is slowed down",
    )
    token_lifetime: timedelta = _setting(timedelta(hours=1), "Lifetime of a presence token")
    token_cache: int = _setting(50_000, "Verified tokens that one process remembers")
    issuers: tuple[Mapping[str, Any], ...] = _setting(
        (), "External JWT issuers, see docs/api.md (JSON in the environment)"
    )
    # Who sees whom.
    status_audience: Audience = _setting(Audience.EVERYONE, "Default: who sees a user's status")
    last_seen_audience: Audience = _setting(
        Audience.EVERYONE, "Default: who sees a user's last-seen"
    )
    last_seen_precision: Precision = _setting(Precision.EXACT, "Default: how exact last-seen is")
    reciprocal: bool = _setting(False, "Who hides their own last-seen sees nobody's")
    contacts_need_acceptance: bool = _setting(True, "A contact counts once the other has accepted")
    directory: str = _setting(
        "",
        "Dotted path of a callable (ids) -> ids that exist; none: accounts, and who was ever here",
    )
    room_access: str = _setting(
        "",
        "Dotted path of a callable (user, room, 'enter' or 'watch') -> bool; none: everybody may",
    )
    roster_cache: timedelta = _setting(
        timedelta(seconds=30), "How long a process trusts who may see whom; changes come at once"
    )

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        self.policy()  # raises, naming both numbers
        self.room_rule()
        self.directory_of_ids()
        for name in (
            *("shards", "log_length", "history_batch", "max_watched", "max_user_streams"),
            "max_body",
        ):
            if getattr(self, name) < 1:
                raise ImproperlyConfigured(f"PRESENCE {name.upper()} must be at least 1")
        for name in (
            "sweep_interval",
            "keepalive_interval",
            "stream_age",
            "verify_interval",
            "room_interval",
        ):
            if getattr(self, name) <= timedelta(0):
                raise ImproperlyConfigured(f"PRESENCE {name.upper()} must be longer than 0")
        if self.hold_after < 3 * self.sweep_interval:
            raise ImproperlyConfigured(
                f"PRESENCE HOLD_AFTER ({self.hold_after}) must be at least 3 times SWEEP_INTERVAL"
                f" ({self.sweep_interval}), or every late sweep would hold expiry"
            )

    def policy(self) -> Policy:
        """Return the rules' part of the settings."""
        try:
            return Policy(**{each.name: getattr(self, each.name) for each in fields(Policy)})
        except ImpossiblePolicyError as error:
            raise ImproperlyConfigured(
                f"PRESENCE settings contradict each other: {error}"
            ) from None

    def room_rule(self) -> Callable[[str, str, str], bool] | None:
        """Return the callable that says who may enter and watch rooms, None if everybody may."""
        rule: Callable[[str, str, str], bool] | None = self._callable("room_access")
        return rule

    def directory_of_ids(self) -> Callable[[set[str]], Iterable[str]] | None:
        """Return the callable that knows which ids exist, None for the app's own."""
        directory: Callable[[set[str]], Iterable[str]] | None = self._callable("directory")
        return directory

    def _callable(self, name: str) -> Any:
        path = getattr(self, name)
        if not path:
            return None
        try:
            return import_string(path)
        except ImportError as error:
            raise ImproperlyConfigured(f"PRESENCE {name.upper()}: {error}") from None

    @property
    def serving_lasts(self) -> timedelta:
        """Return how long after a web process was last heard of expiry still goes on.

        Less than any lease has left when its session beats on time, or a restart of the web processes would
        take people offline. By the policy a lease holds two heartbeats, so that is at least half of it.
        """
        leases = (self.lease_after, self.hidden_lease_after, self.stream_lease_after)
        return min(_SERVING_LASTS, min(leases) / 2)

    @property
    def default_privacy(self) -> Privacy:
        """Return the privacy of users who have chosen none."""
        return Privacy(
            status=self.status_audience,
            last_seen=self.last_seen_audience,
            precision=self.last_seen_precision,
        )


@cache
def settings() -> Settings:
    """Return this process's settings.

    Raises:
        ImproperlyConfigured: a name is unknown, or a value malformed or contradictory.
    """
    return read(getattr(django_settings, "PRESENCE", {}))


def read(given: Mapping[str, object]) -> Settings:
    """Return the settings that `given` (upper-case names) describes; defaults fill the rest."""
    known = {each.name.upper(): each for each in fields(Settings)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ImproperlyConfigured(
            f"PRESENCE has no setting {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )
    types = get_type_hints(Settings)
    values: dict[str, Any] = {}
    for name, value in given.items():
        try:
            values[known[name].name] = _parse(value, types[known[name].name])
        except (ValueError, TypeError) as error:
            raise ImproperlyConfigured(f"PRESENCE {name}={value!r}: {error}") from None
    return Settings(**values)


def described() -> list[tuple[str, str, str]]:
    """Return (name, default, what it is) of every setting, for the documentation."""
    return [
        (each.name.upper(), _shown(each.default), each.metadata["about"])
        for each in fields(Settings)
        if each.default is not MISSING
    ]


def _shown(default: object) -> str:
    if isinstance(default, timedelta):
        return f"{default.total_seconds():g} s"
    if default == ():
        return "none"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _parse(value: object, kind: Any) -> object:
    if kind is timedelta:
        if isinstance(value, timedelta):
            return value
        return timedelta(seconds=float(str(value)))
    if kind is bool:
        words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
        if str(value).lower() not in words:
            raise ValueError("say true or false")
        return words[str(value).lower()]
    if kind is int:
        return int(str(value))
    if kind is float:
        return float(str(value))
    if kind in (Audience, Precision):
        return kind(value)
    if kind is str:
        return str(value)
    return _parse_tuple(value, kind)


def _parse_tuple(value: object, kind: Any) -> tuple[object, ...]:
    if isinstance(value, str):
        if kind == tuple[str, ...]:
            return tuple(part.strip() for part in value.split(",") if part.strip())
        value = json.loads(value or "[]")
    if not isinstance(value, (list, tuple)):
        raise TypeError("must be a list")
    return tuple(value)

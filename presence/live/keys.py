"""Keys: how the live store names things in Redis.

Flow: shard, user, session -> **keys** -> every module of live.

All keys of a shard share the hash tag `{shard}`, so that a script may touch them together on Redis
Cluster. A lease's member names the session *and what it last reported*: a heartbeat that finds its own
member there changes nothing but the deadline, and one ZADD decides it.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from presence.domain.ids import shard_of
from presence.domain.session import Session
from presence.domain.status import Activity, Device, Status

SEPARATOR = "\x1f"  # cannot occur in ids (domain.ids)
STREAM_MARK = "s"
LEAVING_MARK = "l"

STATUS_LETTER = {Status.ONLINE: "n", Status.AWAY: "a", Status.BUSY: "b", Status.OFFLINE: "f"}

_ACTIVITY = {Activity.ACTIVE: "a", Activity.IDLE: "i", Activity.HIDDEN: "h"}
_DEVICE = {
    Device.WEB: "w",
    Device.MOBILE: "m",
    Device.DESKTOP: "d",
    Device.TABLET: "t",
    Device.OTHER: "o",
}


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of one installation: `prefix` and number of `shards`."""

    prefix: str
    shards: int

    def shard(self, user: str) -> int:
        """Return the shard of `user`."""
        return shard_of(user, self.shards)

    def record(self, user: str) -> str:
        """Return the key of a user's record (string)."""
        return f"{self.prefix}:{{{self.shard(user)}}}:u:{user}"

    def leases(self, shard: int) -> str:
        """Return the key of a shard's leases (sorted set: member -> deadline)."""
        return f"{self.prefix}:{{{shard}}}:leases"

    def timers(self, shard: int) -> str:
        """Return the key of a shard's timed ends (sorted set: user -> instant)."""
        return f"{self.prefix}:{{{shard}}}:timers"

    def log(self, shard: int) -> str:
        """Return the key of a shard's change log (stream; entry id = version-subversion)."""
        return f"{self.prefix}:{{{shard}}}:log"

    def rooms(self, shard: int) -> str:
        """Return the key of who of a shard is in which room (sorted set, by name: room, user)."""
        return f"{self.prefix}:{{{shard}}}:rooms"

    def alerts(self, user: str) -> str:
        """Return the key of who wants to be told when `user` is online (hash: viewer -> until)."""
        return f"{self.prefix}:{{{self.shard(user)}}}:alerts:{user}"

    def told(self, viewer: str) -> str:
        """Return the key of the alerts that went off for `viewer` (list)."""
        return f"{self.prefix}:{{{self.shard(viewer)}}}:told:{viewer}"

    def meta(self, shard: int) -> str:
        """Return the key of a shard's counters (hash: epoch, version, sub, swept_at, hold_until)."""
        return f"{self.prefix}:{{{shard}}}:meta"

    @property
    def epoch(self) -> str:
        """Return the key of the store's epoch (string)."""
        return f"{self.prefix}:epoch"

    @property
    def rules_log(self) -> str:
        """Return the key of the changes of rules (stream)."""
        return f"{self.prefix}:rules"

    @property
    def revoked(self) -> str:
        """Return the key of what was taken back (sorted set: user, or user and login -> instant)."""
        return f"{self.prefix}:revoked"

    @property
    def tally(self) -> str:
        """Return the key of what all workers have done (hash: what -> how often)."""
        return f"{self.prefix}:tally"

    @property
    def restored(self) -> str:
        """Return the key that names the epoch which history has filled (string)."""
        return f"{self.prefix}:restored"

    @property
    def serving(self) -> str:
        """Return the key that web processes keep alive (string: when one last served)."""
        return f"{self.prefix}:serving"


def member(user: str, session: str, mark: str) -> str:
    """Return the lease member of a session; `mark` says which lease and what was reported."""
    return f"{user}{SEPARATOR}{session}{SEPARATOR}{mark}"


def user_of(lease: str) -> str:
    """Return the user that a lease member belongs to."""
    return lease.partition(SEPARATOR)[0]


@lru_cache(maxsize=4096)
def beat_mark(activity: Activity, device: Device, rooms: tuple[str, ...]) -> str:
    """Return the mark of a heartbeat: equal exactly if it reports the same."""
    mark = _ACTIVITY[activity] + _DEVICE[device]
    if rooms:
        mark += blake2b(",".join(rooms).encode(), digest_size=6).hexdigest()
    return mark


def mark_of(session: Session) -> str:
    """Return the mark under which the heartbeat lease of `session` is kept."""
    if session.leaving:
        return LEAVING_MARK
    return beat_mark(session.activity, session.device, session.rooms)

"""Keys: how the live store names things in Redis.

Flow: shard, user, session -> **keys** -> every module of live.

All keys of a shard share the hash tag `{shard}`, so that a script may touch them together on Redis
Cluster. A lease's member names the session *and what it last reported*: a heartbeat that finds its own
member there changes nothing but the deadline, and one ZADD decides it.
"""

from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from presence.domain.ids import shard_of
from presence.domain.session import Session
from presence.domain.status import Activity, Device, Status

SEPARATOR = "\x1f"  # cannot occur in ids (domain.ids)
STREAM_MARK = "s"
LEAVING_MARK = "l"

# The layout of what is stored. A release with another one begins with an empty store, which history fills, and
# leaves what it could not read to whoever wrote it.
LAYOUT = 2
_UUID_MARK = "\x1e"  # nor can this
_UUID_DASHES = (8, 13, 18, 23)

STATUS_LETTER = {Status.ONLINE: "n", Status.AWAY: "a", Status.BUSY: "b", Status.OFFLINE: "f"}

ACTIVITY_LETTER = {Activity.ACTIVE: "a", Activity.IDLE: "i", Activity.HIDDEN: "h"}
DEVICE_LETTER = {
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

    @classmethod
    def of(cls, prefix: str, shards: int) -> "Keys":
        """Return the names of an installation in this release's layout."""
        return cls(f"{prefix}:{LAYOUT}", shards)

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
    return f"{user}{SEPARATOR}{packed(session)}{SEPARATOR}{mark}"


def packed(session: str) -> str:
    """Return a session id as it is stored: of a UUID, as most clients make them, 23 characters instead of 36.

    It stands in every lease and in the record: two sessions cost 120 bytes less for it.
    """
    if len(session) != 36 or any(session[place] != "-" for place in _UUID_DASHES):
        return session
    digits = session.replace("-", "")
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        return session
    if raw.hex() != digits:  # upper case, or spaces: another id than the UUID that it spells
        return session
    return _UUID_MARK + b2a_base64(raw, newline=False)[:22].decode()


def unpacked(stored: str) -> str:
    """Return the session id that `packed` stored."""
    if not stored.startswith(_UUID_MARK):
        return stored
    digits = a2b_base64(stored[1:] + "==").hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def user_of(lease: str) -> str:
    """Return the user that a lease member belongs to."""
    return lease.partition(SEPARATOR)[0]


@lru_cache(maxsize=4096)
def beat_mark(activity: Activity, device: Device, rooms: tuple[str, ...]) -> str:
    """Return the mark of a heartbeat: equal exactly if it reports the same."""
    mark = ACTIVITY_LETTER[activity] + DEVICE_LETTER[device]
    if rooms:
        mark += blake2b(",".join(rooms).encode(), digest_size=6).hexdigest()
    return mark


def mark_of(session: Session) -> str:
    """Return the mark under which the heartbeat lease of `session` is kept."""
    if session.leaving:
        return LEAVING_MARK
    return beat_mark(session.activity, session.device, session.rooms)

"""Now: the live state in Redis.

Flow: service -> **live** -> Redis. Mechanics only: compare, set, move, append; the rules are in domain.

Five keys a shard under one hash tag (see `keys`), three scripts (see `scripts/`), one clock: Redis TIME.
"""

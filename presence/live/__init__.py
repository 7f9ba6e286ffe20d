"""Now: the live state in Redis.

Flow: service -> **live** -> Redis. Mechanics only: compare, set, move, append; the rules are in domain.

A shard's keys share one hash tag (see `keys`), scripts are files (see `scripts/`), one clock: Redis TIME.
"""

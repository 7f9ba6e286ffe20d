"""Databases: which of Django's connections history writes to and reads from.

Flow: settings.DATABASES -> **databases** -> writer, queries, partitions.
"""

from django.db import connections, router

from presence.models import Transition

REPLICA = "replica"


def writing() -> str:
    """Return the alias that history is written to."""
    return router.db_for_write(Transition)


def reading() -> str:
    """Return the alias that history is read from: `replica` where settings name one.

    A replica trails by its replication lag, so it may miss the newest changes; the live store has those.
    """
    return REPLICA if REPLICA in connections.settings else router.db_for_read(Transition)

"""Database: running ORM code from coroutines.

Flow: async use case -> **database** -> a thread -> ORM.

A pool of its own: Django's thread-sensitive executor is one thread per process, which would queue every
stream's opening behind every other (20 x 0.1 s took 2.25 s there, 0.44 s here).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, InterfaceError, close_old_connections

from presence.service.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 4  # each may hold one connection of the pool
_executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="presence-db")


async def in_database(use: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `use`, sync ORM code, returns; its connection goes back to the pool.

    Raises:
        Unavailable: Postgres cannot be reached.
    """
    call = partial(_with_connection, partial(use, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_executor, call)


def _with_connection(call: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return call()
    except (DatabaseError, InterfaceError) as error:
        raise Unavailable(f"the database did not answer: {type(error).__name__}") from error
    finally:
        close_old_connections()

"""People: accounts, contacts and tokens of a running service, made in bulk.

Flow: claim -> **people** -> Postgres; tokens and heartbeats as they go over the wire.

All of it works inside of a running `Service` only: its settings and its stores are the ones used here.
"""

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmarks import posts


def make_people(count: int) -> list[str]:
    """Make accounts, whom everybody may watch; return their ids, which follow one another."""
    with _sql() as cursor:
        cursor.execute(
            "INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser,"
            " is_staff, is_active, date_joined) SELECT 'p' || number, '!', '', '', '', false, false,"
            " true, now() FROM generate_series((SELECT count(*) FROM auth_user) + 1,"
            " (SELECT count(*) FROM auth_user) + %s) AS number RETURNING id",
            [count],
        )
        made = sorted(row[0] for row in cursor.fetchall())
        cursor.execute("ANALYZE auth_user")
    return [str(each) for each in made]


def befriend(people: Sequence[str], each: int) -> None:
    """Give `each` contacts, agreed both ways, to each of `people` (whose ids follow one another).

    Whoever stands a certain number of places before or after is a contact, for `each` / 2 such numbers: as many for
    everybody, and scattered over all.
    """
    apart = random.Random(1).sample(range(1, len(people) // 2), each // 2)
    with _sql() as cursor:
        cursor.execute(
            "INSERT INTO presence_contact (owner, other, state, created_at)"
            " SELECT %(first)s + place, %(first)s + mod(place + apart + %(count)s, %(count)s),"
            " 'accepted', now()"
            " FROM generate_series(0, %(count)s - 1) AS place, unnest(%(apart)s) AS apart",
            {
                "first": int(people[0]),
                "count": len(people),
                "apart": [*apart, *(-each for each in apart)],
            },
        )
        cursor.execute("ANALYZE presence_contact")


def rows_of(query: str) -> list[tuple[Any, ...]]:
    """Return what the service's database answers."""
    with _sql() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


@contextmanager
def _sql() -> Iterator[Any]:
    """Give a cursor that may take its time: millions of rows are written by one statement."""
    set_up()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        yield cursor


def token_of(user: str) -> str:
    """Return a presence token of `user`."""
    set_up()
    from presence.service.tokens import issue_presence_token

    return issue_presence_token(user=user).token


def set_up() -> None:
    """Make Django of this process the service's own: same settings, same stores."""
    import django
    from django.apps import apps
    from django.conf import settings
    from django.db import connections

    if not apps.ready:
        django.setup()
    # A later service of the same process has another database.
    name = os.environ["DATABASE_URL"]
    if getattr(settings, "BENCHMARK_DATABASE", name) != name:
        import environ

        connections["default"].close()
        new = environ.Env.db_url_config(name)
        connections["default"].settings_dict.update(
            {key: new[key] for key in ("HOST", "PORT", "NAME", "USER") if key in new}
        )
    settings.BENCHMARK_DATABASE = name


def heartbeat(user: str, *, activity: str = "active", session: str = "s1") -> bytes:
    """Return one heartbeat of `user` as it goes over the wire."""
    return posts.request(
        "/presence/heartbeat",
        body=f'{{"session":"{session}","activity":"{activity}"}}'.encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token_of(user)}",
        },
    )

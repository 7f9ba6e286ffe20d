"""People with accounts on a running site, and what they do there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode

import environ
import psycopg

from presence.service.tokens import issue_presence_token
from tests.end_to_end.sse import WITHIN, Stream
from tests.end_to_end.wire import Answer, ask
from tests.servers import Site

PASSWORD = "presence-demo"
_numbers = count(1)


@dataclass
class Person:
    """Somebody with an account of the site, known by a presence token."""

    town: Town
    id: str
    name: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What proves who they are."""
        return {"Authorization": f"Bearer {self.token}"}

    def beat(self, session: str = "tab", **said: Any) -> Answer:
        """Send a heartbeat."""
        return self.post("/presence/heartbeat", {"session": session, **said})

    def leave(self, session: str = "tab", **said: Any) -> Answer:
        """Say goodbye."""
        return self.post("/presence/leave", {"session": session, **said})

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        """Send JSON, or bytes as they are."""
        return ask(
            self.town.site.port, "POST", path, body=body, headers={**self.headers, **headers}
        )

    def api(self, method: str, path: str, body: Any = None) -> Answer:
        """Ask the API."""
        target = f"/api/v1/{path}"
        return ask(self.town.site.port, method, target, body=body, headers=self.headers)

    def record_of(self, other: Person) -> dict[str, Any]:
        """What the API shows of `other`, as it would travel on a stream."""
        answer = self.api("GET", f"presence/{other.id}/")
        assert answer.status == 200, answer.body
        record = answer.json
        del record["stale_after_ms"]
        return record

    def watch(
        self,
        *others: Person,
        headers: dict[str, str] | None = None,
        receive_buffer: int | None = None,
        **query: str,
    ) -> Stream:
        """Open a stream on `others`; it is closed with the test."""
        if others:
            query["users"] = ",".join(other.id for other in others)
        return self.town.open(
            f"/presence/stream?{urlencode(query)}",
            {**self.headers, **(headers or {})},
            receive_buffer=receive_buffer,
        )


class Town:
    """The people of one test, on a site that other tests may use as well."""

    def __init__(self, site: Site) -> None:
        """Nobody lives here yet."""
        self.site = site
        self._streams: list[Stream] = []

    def person(self, name: str) -> Person:
        """Make an account; `name` gets a number, so that no test meets another's people."""
        (person,) = self.people(name)
        return person

    def people(self, *names: str) -> list[Person]:
        """Make several accounts at once."""
        unique = [f"{name}-{next(_numbers)}" for name in names]
        rows = self.sql(
            "INSERT INTO auth_user (password, username, first_name, last_name, email,"
            " is_superuser, is_staff, is_active, date_joined)"
            " SELECT password, name, name, '', '', false, false, true, now()"
            " FROM auth_user, unnest(%s::text[]) AS name WHERE username = 'ana'"
            " RETURNING id, username",
            [unique],
        )
        ids = {username: str(number) for number, username in rows}
        return [
            Person(self, ids[name], name, issue_presence_token(user=ids[name]).token)
            for name in unique
        ]

    def friends(self, *names: str) -> list[Person]:
        """Make several accounts that are contacts of each other."""
        friends = self.people(*names)
        self.sql(
            "INSERT INTO presence_contact (owner, other, state)"
            " SELECT a, b, 'accepted' FROM unnest(%s::text[]) AS a, unnest(%s::text[]) AS b"
            " WHERE a <> b RETURNING 1",
            [[friend.id for friend in friends]] * 2,
        )
        return friends

    def sql(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of one statement on the site's database."""
        parts = environ.Env.db_url_config(self.site.database_url)
        with psycopg.connect(
            host=parts["HOST"], user=parts["USER"], dbname=parts["NAME"], autocommit=True
        ) as connection:
            return connection.execute(statement, values).fetchall()

    def transitions(self, person: Person) -> list[str]:
        """The statuses that history has of `person`, oldest first."""
        rows = self.sql(
            'SELECT after FROM presence_transition WHERE "user" = %s ORDER BY at, version',
            [person.id],
        )
        return [status for (status,) in rows]

    def open(
        self, target: str, headers: dict[str, str], *, receive_buffer: int | None = None
    ) -> Stream:
        """Open any stream; it is closed with the test."""
        stream = Stream(self.site.port, target, headers, receive_buffer=receive_buffer)
        self._streams.append(stream)
        return stream

    def ask(self, path: str) -> Answer:
        """Ask the site as nobody in particular."""
        return ask(self.site.port, "GET", path)

    def metric(self, name: str) -> float:
        """A figure of the web process that answers."""
        text = self.ask("/metrics").body.decode()
        values = [line.split()[1] for line in text.splitlines() if line.split()[0] == name]
        assert values, f"no metric is called {name}"
        return float(values[0])

    def close(self) -> None:
        """Hang up everything."""
        for stream in self._streams:
            stream.close()


@dataclass
class Beating:
    """Somebody whose client keeps beating in the background, whatever it is answered."""

    person: Person
    every: float = 0.5
    session: str = "tab"
    statuses: list[int] = field(default_factory=list)
    retry_after: list[str | None] = field(default_factory=list)
    _ending: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Beating:
        """Beat once and go on."""
        self._beat()
        assert self.statuses == [200]
        self._thread = threading.Thread(target=self._go_on)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop without a word."""
        self._ending.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._ending.wait(self.every):
            self._beat()

    def _beat(self) -> None:
        try:
            answer = self.person.beat(self.session)
        except OSError:
            self.statuses.append(0)  # nobody listens
        else:
            self.statuses.append(answer.status)
            if answer.status != 200:
                self.retry_after.append(answer.headers["retry-after"])


def wait_until(happened: Callable[[], object], *, within: float = WITHIN) -> None:
    """Wait for a condition that nothing announces."""
    give_up_at = time.monotonic() + within
    while not happened():
        assert time.monotonic() < give_up_at, f"not within {within} s"
        time.sleep(0.05)

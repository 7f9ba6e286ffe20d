"""What ends an open stream before its time: its account, its login, its token."""

import time
from dataclasses import dataclass

from presence.service.tokens import issue_presence_token
from tests.end_to_end.people import PASSWORD, Person
from tests.end_to_end.wire import ask

CSRF = "c" * 32


def the_end(stream):
    """Why the server ended the stream."""
    *_, goodbye = stream.read_to_end()
    assert goodbye.name == "goodbye"
    assert goodbye.data["retry_ms"] > 0
    return goodbye.data["reason"]


def in_django(**done: Person) -> None:
    """Do to accounts what a site's own views would: `in_django(deleted=ana)`."""
    ways = {
        "deactivated": "user.is_active = False; user.save()",
        "deleted": "user.delete()",
        "repassworded": "user.set_password('another'); user.save()",
        "renamed": "user.first_name = 'Ana'; user.save()",
    }
    code = ["from django.contrib.auth.models import User"]
    for way, person in done.items():
        code.append(f"user = User.objects.get(pk={person.id}); {ways[way]}")
    site = next(iter(done.values())).town.site
    site.manage("shell", "--no-imports", "-c", "\n".join(code))


def test_what_ends_an_account_ends_its_streams_and_their_tokens(town):
    people = town.people("ana", "ben", "chloe", "dan")
    streams = [person.watch(*people, session="tab") for person in people]
    for stream in streams:
        stream.snapshot()
    ana, ben, chloe, dan = people

    in_django(deactivated=ana, deleted=ben, repassworded=chloe, renamed=dan)

    for person, stream in zip(people[:3], streams, strict=False):
        assert the_end(stream) == "revoked"
        assert person.watch(dan).status == 401  # the same token opens no other
    chloe.token = issue_presence_token(user=chloe.id).token
    chloe.watch(dan).snapshot()
    # Whose account only changed its name saw nothing of it.
    ana.beat("another")
    streams[3].wait_until(lambda: streams[3].comments >= 2)
    assert not streams[3].is_ended


def test_a_stream_ends_when_its_token_does(town):
    ana = town.person("ana")
    an_hour_ago = int(time.time() - 3600 + 6) * 1000
    ana.token = issue_presence_token(user=ana.id, now=an_hour_ago).token
    stream = ana.watch(ana)
    stream.snapshot()
    assert the_end(stream) == "revoked"
    assert ana.watch(ana).status == 401


def test_a_ticket_is_worth_no_more_than_the_token_that_it_was_got_with(town):
    ana = town.person("ana")
    an_hour_ago = int(time.time() - 3600 + 6) * 1000
    ana.token = issue_presence_token(user=ana.id, now=an_hour_ago).token
    ticket = ana.api("POST", "presence/ticket/").json["ticket"]
    spare = ana.api("POST", "presence/ticket/").json["ticket"]
    stream = town.open(f"/presence/stream?ticket={ticket}", {})
    stream.snapshot()
    assert the_end(stream) == "revoked"
    assert town.open(f"/presence/stream?ticket={spare}", {}).status == 401


@dataclass
class Browser:
    """Somebody logged in by the site's own page."""

    person: Person
    cookies: dict[str, str]

    @classmethod
    def of(cls, person: Person) -> "Browser":
        browser = cls(person, {"csrftoken": CSRF})
        browser.post("/accounts/login/", f"username={person.name}&password={PASSWORD}")
        assert "sessionid" in browser.cookies
        browser.post("/api/v1/presence/token/", "")
        assert "presence_token" in browser.cookies
        return browser

    def post(self, path: str, form: str):
        answer = ask(
            self.person.town.site.port,
            "POST",
            path,
            body=form.encode(),
            headers={
                "Cookie": self.cookie,
                "X-CSRFToken": self.cookies["csrftoken"],
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        assert answer.status in (200, 302), answer.body
        for header in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def watch(self):
        target = f"/presence/stream?users={self.person.id}"
        return self.person.town.open(target, {"Cookie": self.cookie})


def test_logging_out_ends_the_streams_of_that_login_alone(town):
    ana = town.person("ana")
    here, there = Browser.of(ana), Browser.of(ana)
    mine, other, app = here.watch(), there.watch(), ana.watch(ana)
    for stream in (mine, other, app):
        stream.snapshot()
    stolen = here.cookies["presence_token"]

    here.post("/accounts/logout/", "")

    assert the_end(mine) == "revoked"
    here.cookies["presence_token"] = stolen
    assert here.watch().status == 401
    other.wait_until(lambda: other.comments >= 2)
    assert not other.is_ended and not app.is_ended
    there.watch().snapshot()

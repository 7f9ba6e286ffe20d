"""Whatever is sent: the right status, a problem document that names the field, and a server that goes on."""

import json
import re
import time

import jwt
import pytest
from django.conf import settings

from tests.end_to_end.people import PASSWORD
from tests.end_to_end.wire import answer_on, ask, connect, say

HEARTBEAT, LEAVE, STREAM = "/presence/heartbeat", "/presence/leave", "/presence/stream"


@pytest.fixture
def ana(town):
    ana = town.person("ana")
    yield ana
    # Whatever the test did, the next one is served.
    assert ana.beat("still").status == 200


# --- Bodies ---------------------------------------------------------------------------------------

BODIES = {
    "no JSON": (b"{", None),
    "nothing": (b"", None),
    "a list": (b"[]", None),
    "null": (b"null", None),
    "two values": (b'{"session":"a"}{}', None),
    "deeply nested": (b"[" * 4_000, None),
    "invalid UTF-8": (b'{"session":"\xff\xfe"}', None),
    "a NUL byte": (b'{"session":"a\x00b"}', None),
    "a lone surrogate": (b'{"session":"\\ud800"}', None),
    "no session": (b"{}", "session"),
    "a number as session": (b'{"session":5}', "session"),
    "null as session": (b'{"session":null}', "session"),
    "an empty session": (b'{"session":""}', "session"),
    "an overlong session": (json.dumps({"session": "x" * 65}).encode(), "session"),
    "an escaped NUL": (b'{"session":"a\\u0000b"}', "session"),
    "a control character": (b'{"session":"a\\u001fb"}', "session"),
    "a line break": (b'{"session":"a\\nb"}', "session"),
    "a blank": (b'{"session":"a b"}', "session"),
    "letters from elsewhere": ('{"session":"ä"}'.encode(), "session"),
    "an unknown field": (b'{"session":"a","nonsense":1}', "nonsense"),
}
HEARTBEAT_BODIES = {
    "an unknown activity": (b'{"session":"a","activity":"dancing"}', "activity"),
    "an activity of another type": (b'{"session":"a","activity":[]}', "activity"),
    "an unknown device": (b'{"session":"a","device":"toaster"}', "device"),
    "no device": (b'{"session":"a","device":null}', "device"),
    "a room of another type": (b'{"session":"a","rooms":"x"}', "rooms"),
    "a malformed room": (b'{"session":"a","rooms":["a b"]}', "rooms"),
    "too many rooms": (
        json.dumps({"session": "a", "rooms": [f"r{n}" for n in range(21)]}).encode(),
        "rooms",
    ),
    "a cursor of another type": (b'{"session":"a","since":7}', "since"),
    "a malformed cursor": (b'{"session":"a","since":"yesterday"}', "since"),
    "a huge cursor": (b'{"session":"a","since":"0.' + b"9" * 400 + b'"}', "since"),
}


@pytest.mark.parametrize("what", [*BODIES, *HEARTBEAT_BODIES])
def test_a_bad_heartbeat_is_told_what_is_wrong(ana, what):
    body, field = (BODIES | HEARTBEAT_BODIES)[what]
    answer = ana.post(HEARTBEAT, body, **{"Content-Type": "application/json"})
    assert answer.is_problem(400, field)
    assert ana.api("GET", "me/sessions/").json["sessions"] == []


def test_a_bad_leave_is_told_what_is_wrong(ana):
    for body, field in BODIES.values():
        for kind in ("application/json", "text/plain"):
            assert ana.post(LEAVE, body, **{"Content-Type": kind}).is_problem(400, field), body
    assert ana.post(LEAVE, {"session": "a", "final": "yes"}).is_problem(400, "final")
    assert ana.post(LEAVE, {"session": "a", "token": 5}).is_problem(400, "token")


@pytest.mark.parametrize("path", [HEARTBEAT, LEAVE])
def test_a_body_beyond_8_kib_is_too_long(ana, path):
    fits = json.dumps({"session": "a"}).encode().ljust(8_192)
    assert ana.post(path, fits, **{"Content-Type": "application/json"}).status in (200, 204)
    assert ana.post(path, fits + b" ", **{"Content-Type": "application/json"}).is_problem(413)
    assert ana.post(path, b" " * 3_000_000, **{"Content-Type": "application/json"}).is_problem(413)


@pytest.mark.parametrize("path", [HEARTBEAT, LEAVE])
def test_a_chunked_body_is_measured_as_it_comes(town, ana, path):
    def post(*chunks):
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            f"Content-Type: application/json\r\nAuthorization: Bearer {ana.token}\r\n\r\n"
        )
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
        return say(town.site.port, head.encode() + body + b"0\r\n\r\n", method="POST")

    assert post(b'{"sess', b'ion":', b'"a"}').status in (200, 204)
    assert post(b'{"session":', b'"a"}', *[b" " * 1_000] * 12).is_problem(413)


@pytest.mark.parametrize("kind", [None, "text/html", "application/x-www-form-urlencoded", "*/*"])
def test_another_content_type_is_not_read(town, ana, kind):
    headers = {**ana.headers, **({} if kind is None else {"Content-Type": kind})}
    for path in (HEARTBEAT, LEAVE):
        answer = ask(town.site.port, "POST", path, body=b'{"session":"a"}', headers=headers)
        assert answer.is_problem(415), path


def test_a_content_type_may_name_its_charset(ana):
    kind = "application/json; charset=utf-8"
    assert ana.post(HEARTBEAT, b'{"session":"a"}', **{"Content-Type": kind}).status == 200


def test_plain_text_heartbeats_are_refused_since_any_page_could_send_them(ana):
    answer = ana.post(HEARTBEAT, b'{"session":"a"}', **{"Content-Type": "text/plain"})
    assert answer.is_problem(415)


# --- Queries --------------------------------------------------------------------------------------

QUERIES = {
    "an unknown parameter": ("nonsense=1", "nonsense"),
    "a malformed user": ("users=a%20b", "users"),
    "a NUL in a user": ("users=a%00b", "users"),
    "an escape in a user": ("users=a%1b%5b31m", "users"),
    "bytes that are no UTF-8": ("users=%ff%fe", "users"),
    "an overlong user": ("users=" + "x" * 129, "users"),
    "too many users": ("users=" + ",".join(str(n) for n in range(1_001)), "users"),
    "a malformed session": ("session=a%0d%0ab", "session"),
    "an empty session": ("session=", "session"),
    "an overlong session": ("session=" + "x" * 65, "session"),
    "an unknown device": ("session=a&device=toaster", "device"),
    "a malformed flag": ("contacts=yes", "contacts"),
    "a malformed ping": ("ping=2", "ping"),
    "a malformed cursor": ("cursor=yesterday", "cursor"),
    "a malformed room": ("rooms=a%20b", "rooms"),
}


@pytest.mark.parametrize("what", QUERIES)
def test_a_bad_stream_is_told_what_is_wrong(town, ana, what):
    query, field = QUERIES[what]
    answer = ask(town.site.port, "GET", f"{STREAM}?{query}", headers=ana.headers)
    assert answer.is_problem(400, field)


def test_a_malformed_last_event_id_is_refused_like_a_cursor(town, ana):
    headers = {**ana.headers, "Last-Event-ID": "caf\xe9"}
    assert ask(town.site.port, "GET", STREAM, headers=headers).is_problem(400, "cursor")


# --- Tokens ---------------------------------------------------------------------------------------


def signed(key=None, algorithm="HS256", **claims):
    now = int(time.time())
    given = {"token_type": "access", "sub": "1", "iat": now, "exp": now + 60, **claims}
    given = {name: value for name, value in given.items() if value is not None}
    return jwt.encode(given, settings.SECRET_KEY if key is None else key, algorithm=algorithm)


TOKENS = {
    "none": lambda: None,
    "an empty one": lambda: "",
    "no token at all": lambda: "nonsense",
    "bytes": lambda: "\xff\xfe.\xff.\xff",
    "three dots": lambda: "...",
    "expired": lambda: signed(exp=int(time.time()) - 10),
    "forged": lambda: signed("another key that is long enough for HS256 too"),
    "alg none": lambda: signed("", "none"),
    "a refresh token": lambda: signed(token_type="refresh"),
    "without an end": lambda: signed(exp=None),
    "an end that is no time": lambda: signed(exp=1e300),
    "nobody's": lambda: signed(sub=None),
    "of a user with a NUL": lambda: signed(sub="a\x00b"),
    "of a list": lambda: signed(sub=["1"]),
    "overlong": lambda: "a" * 7_900,
}


@pytest.mark.parametrize("what", TOKENS)
def test_a_token_that_proves_nothing_opens_nothing(town, what):
    token = TOKENS[what]()
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    port = town.site.port
    answers = [
        ask(port, "POST", HEARTBEAT, body={"session": "a"}, headers=headers),
        ask(port, "POST", LEAVE, body={"session": "a"}, headers=headers),
        ask(port, "GET", STREAM, headers=headers),
    ]
    for answer in answers:
        assert answer.is_problem(401)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert not token or token not in answer.body.decode()
    api = ask(port, "GET", "/api/v1/me/", headers=headers)
    assert api.status == 401


def test_the_refresh_token_of_a_login_opens_nothing(town, ana):
    port = town.site.port
    login = {"username": ana.name, "password": PASSWORD}
    pair = ask(port, "POST", "/api/v1/token/", body=login).json
    for kind, status in (("access", 200), ("refresh", 401)):
        headers = {"Authorization": f"Bearer {pair[kind]}"}
        answer = ask(port, "POST", HEARTBEAT, body={"session": "still"}, headers=headers)
        assert answer.status == status


# --- Paths and methods ----------------------------------------------------------------------------


def test_an_unknown_path_is_not_found(town, ana):
    for path in ("/presence/", "/presence/heartbeat/", "/presence/nonsense", "/presence/%00"):
        assert ask(town.site.port, "GET", path, headers=ana.headers).is_problem(404), path
    assert ask(town.site.port, "GET", "/api/v1/nonsense/", headers=ana.headers).is_problem(404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"])
def test_another_method_is_not_allowed(town, ana, method):
    for path in (HEARTBEAT, LEAVE, STREAM):
        if (method, path) == ("GET", STREAM):
            continue
        answer = ask(town.site.port, method, path, headers=ana.headers)
        if method == "BREW" and answer.status == 400:
            continue  # the server itself knows no such method
        assert answer.status == 405, (method, path)
        wanted = "GET" if path == STREAM else "POST"
        assert answer.headers["allow"] == f"{wanted}, OPTIONS"


# --- Other sites ----------------------------------------------------------------------------------


def test_the_cookie_counts_for_ones_own_pages_alone(town, ana):
    port = town.site.port
    cookie = {"Cookie": f"presence_token={ana.token}"}

    def beat(**headers):
        return ask(port, "POST", HEARTBEAT, body={"session": "a"}, headers={**cookie, **headers})

    assert beat(Origin=f"http://127.0.0.1:{port}").status == 200
    assert beat(Origin="https://app.example").status == 200
    assert beat(Origin="https://evil.example").is_problem(403)
    assert beat(Origin="null").is_problem(403)
    assert beat(Origin="https://app.example.evil.example").is_problem(403)
    assert beat(**{"Sec-Fetch-Site": "cross-site"}).is_problem(403)
    stream = {**cookie, "Origin": "https://evil.example"}
    assert ask(port, "GET", STREAM, headers=stream).is_problem(403)
    # Who brings a token of their own acts for themselves, wherever they come from.
    assert beat(Origin="https://evil.example", **ana.headers).status == 200


def test_pages_of_allowed_origins_may_read_and_others_may_not(town, ana):
    port = town.site.port
    for origin, allowed in (
        ("https://app.example", "https://app.example"),
        ("https://evil.example", None),
    ):
        answer = ask(
            port,
            "POST",
            HEARTBEAT,
            body={"session": "a"},
            headers={**ana.headers, "Origin": origin},
        )
        assert answer.headers["access-control-allow-origin"] == allowed
        assert answer.headers["access-control-allow-credentials"] == (allowed and "true")
    # Errors can be read as well, or a page could not tell why.
    bad = {**ana.headers, "Origin": "https://app.example"}
    answer = ask(port, "POST", HEARTBEAT, body={}, headers=bad)
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    stream = ana.watch(headers={"Origin": "https://app.example"})
    assert stream.headers["access-control-allow-origin"] == "https://app.example"
    assert stream.headers["vary"] == "Origin"


@pytest.mark.parametrize("path", [HEARTBEAT, LEAVE, STREAM])
def test_browsers_that_ask_before_they_send_are_answered(town, path):
    def preflight(origin):
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        return ask(town.site.port, "OPTIONS", path, headers=headers)

    allowed = preflight("https://app.example")
    assert (allowed.status, allowed.body) == (204, b"")
    assert allowed.headers["access-control-allow-origin"] == "https://app.example"
    assert allowed.headers["access-control-allow-credentials"] == "true"
    assert "authorization" in allowed.headers["access-control-allow-headers"]
    refused = preflight("https://evil.example")
    assert refused.is_problem(403)
    assert refused.headers["access-control-allow-origin"] is None


# --- Who may not be seen --------------------------------------------------------------------------


def test_who_may_not_be_seen_looks_like_nobody(town):
    ana, ben = town.friends("ana", "ben")
    ana.beat()
    assert ana.api("POST", "me/blocks/", {"user": ben.id}).status in (200, 201)
    nobody = "987654321"

    alone = [ben.api("GET", f"presence/{user}/") for user in (ana.id, nobody)]
    assert alone[0].status == 404
    assert alone[0].body.replace(ana.id.encode(), b"") == alone[1].body.replace(
        nobody.encode(), b""
    )
    listed = ben.api("GET", f"presence/?users={ana.id},{nobody}").json
    assert (listed["users"], listed["unknown"]) == ([], [ana.id, nobody])
    asked = ben.api("POST", "presence/query/", {"users": [ana.id, nobody]}).json
    assert (asked["users"], asked["unknown"]) == ([], [ana.id, nobody])
    for path in (f"presence/{ana.id}/history/", f"presence/{nobody}/history/"):
        assert ben.api("GET", path).status == 404

    stream = ben.watch(users=f"{ana.id},{nobody},{ben.id}")
    assert set(stream.snapshot().records) == {ben.id}
    polled = ben.beat(since="0abc.1").json["changes"]
    assert ana.id not in {record["user"] for record in polled}
    assert ana.leave(final=True).status == 204
    assert ana.beat(device="mobile").status == 200
    assert ben.beat("marker", device="desktop").status == 200
    # Everything that reaches Ben up to his own change is about Ben.
    events = [stream.next()]
    while "desktop" not in events[-1].records[ben.id]["devices"]:
        events.append(stream.next())
    assert all(set(event.records) == {ben.id} for event in events)


# --- HTTP itself ----------------------------------------------------------------------------------


def request(ana, path=HEARTBEAT, body=b'{"session":"a"}', **headers):
    lines = {
        "Host": "x",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **ana.headers,
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def test_requests_may_follow_each_other_without_waiting(town, ana):
    with connect(town.site.port) as connection:
        connection.sendall(
            request(ana)
            + request(ana, body=b'{"session":""}')
            + request(ana, LEAVE)
            + request(ana, Connection="close")
        )
        said = b""
        while data := connection.recv(65_536):
            said += data
    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"200", b"400", b"204", b"200"]


def test_one_connection_serves_many_requests(town, ana):
    with connect(town.site.port) as connection:
        for number in range(30):
            body = b'{"session":"a"}' if number % 3 else b"{}"
            connection.sendall(request(ana, body=body))
            assert answer_on(connection).status == (200 if number % 3 else 400)


def test_a_half_sent_body_harms_nobody(town, ana):
    half = request(ana)[:-5]
    for _ in range(5):
        with connect(town.site.port) as connection:
            connection.sendall(half)
            assert ana.beat("meanwhile").status == 200
    with connect(town.site.port) as connection:
        for piece in (half[:20], half[20:70], half[70:], b'"a"}X'[-5:][:4] + b"}"):
            connection.sendall(piece)
            ana.beat("meanwhile")
        # Five bytes, one after the other or not: the body is whole and its JSON is not.
        assert answer_on(connection).status == 400


def test_a_body_that_ends_before_it_is_whole_is_no_heartbeat(town, ana):
    with connect(town.site.port) as connection:
        connection.sendall(request(ana)[:-3])
    assert ana.beat("still").status == 200
    sessions = ana.api("GET", "me/sessions/").json["sessions"]
    assert [each["session"] for each in sessions] == ["still"]


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"POST /presence/heartbeat HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        b"POST /presence/heartbeat HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"GET /presence/stream HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
        b"GET /presence/stream HTTP/1.1\r\nHost: x\r\nX-Large: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET /presence/stream?token=" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["words", "TLS", "version", "length", "negative", "header", "giant header", "giant path"],
)
def test_what_is_no_http_ends_its_connection_alone(town, ana, raw):
    with connect(town.site.port) as connection:
        said = b""
        try:
            connection.sendall(raw + b"\r\n\r\n")
            connection.settimeout(5)
            said = connection.recv(65_536)
        except (ConnectionError, TimeoutError):
            pass  # hanging up is an answer too
    assert b"Traceback" not in said
    assert not said or int(said.split()[1]) in {400, 401, 404, 405, 413, 414, 431, 505}, said


def test_a_stream_that_is_hung_up_before_its_answer_leaves_nothing_behind(town, ana):
    head = f"GET {STREAM}?users={ana.id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ana.token}\r\n\r\n"
    for _ in range(20):
        with connect(town.site.port) as connection:
            connection.sendall(head.encode())
    stream = ana.watch(ana)
    ana.beat()
    stream.sees(ana.id, "online")


# --- Production -----------------------------------------------------------------------------------


def test_production_shows_no_client_what_broke(own_town):
    town = own_town(
        DJANGO_MODE="production",
        SECRET_KEY=settings.SECRET_KEY,
        ALLOWED_HOSTS="127.0.0.1",
        SECURE_SSL_REDIRECT="false",
    )
    ana = town.person("ana")
    port = town.site.port
    assert ana.beat().status == 200
    stream = ana.watch(ana)
    stream.sees(ana.id, "online")
    assert town.site.valkey is not None
    town.site.valkey.kill()
    broken = [
        ana.post(HEARTBEAT, {"session": "new"}),
        ana.post(HEARTBEAT, b"\xff", **{"Content-Type": "application/json"}),
        ana.leave("new"),
        ana.api("GET", f"presence/{ana.id}/"),
        ana.api("GET", "me/why/"),
        ask(port, "POST", "/api/v1/token/", body=b"\x00"),
        ask(port, "GET", "/readyz"),
        ask(port, "GET", "/nonsense/", headers={"Host": "evil.example"}),
    ]
    assert [answer.status for answer in broken[:3]] == [503, 400, 503]
    assert broken[0].headers["retry-after"]
    for answer in broken:
        assert answer.status >= 400
        for word in (
            b"Traceback",
            b"/site-packages/",
            b"File &quot;",
            b"Error:",
            b"redis",
            b"valkey.sock",
        ):
            assert word not in answer.body or answer is broken[6], answer.body

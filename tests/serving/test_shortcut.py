"""The shortcut: what it answers, and that everything else reaches the application as if it were not there."""

import time

import pytest


@pytest.fixture
def site(host):
    site = host()
    site.get()
    return site


def answers(connection, count=1):
    """Read `count` answers in the order in which they come; return their bodies."""
    read, found = b"", []
    while len(found) < count:
        head, separator, rest = read.partition(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
        if separator and len(rest) >= length:
            assert head.startswith(b"HTTP/1.1 200 OK\r\ndate: ")
            found.append(rest[:length].decode())
            read = rest[length:]
            continue
        more = connection.recv(4096)
        assert more, read
        read += more
    assert not read
    return found


@pytest.mark.parametrize("body", ["at once", "later"])
def test_a_plain_post_is_answered_by_the_shortcut(site, body):
    assert answers(site.post(body)) == [f"shortcut {body}"]


@pytest.mark.parametrize("body", ["no", "later no", "", "x" * 101, "x" * 300_000])
def test_what_the_shortcut_does_not_want_reaches_the_application_whole(site, body):
    way = "shortcut" if body == "" else "application"
    assert answers(site.post(body)) == [f"{way} {body}"]


def test_a_request_that_is_not_admitted_reaches_the_application(site):
    assert answers(site.post("x", headers="X-Way: ordinary\r\n")) == ["application x"]


@pytest.mark.parametrize(
    "headers", ["Expect: 100-continue\r\n", "Connection: upgrade\r\nUpgrade: else\r\n"]
)
def test_an_unusual_request_reaches_the_application(site, headers):
    connection = site.post("x", headers=headers)
    read = b""
    while b"application" not in read:
        read += connection.recv(4096) or pytest.fail(repr(read))


def test_other_methods_and_queries_reach_the_application(site):
    assert site.get("/beat") == "application "
    connection = site.open("/", send=False)
    connection.sendall(b"POST /beat?x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
    assert answers(connection) == ["application x"]


def test_a_body_may_come_in_pieces_and_in_chunks(site):
    connection = site.open("/", send=False)
    for piece in (
        b"POST /be",
        b"at HTTP/1.1\r\nHost: x\r\nContent-Le",
        b"ngth: 4\r\n\r\nab",
        b"cd",
    ):
        connection.sendall(piece)
        time.sleep(0.05)
    assert answers(connection) == ["shortcut abcd"]
    head = b"POST /beat HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection.sendall(head + b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n")
    assert answers(connection) == ["shortcut abcd"]


def test_answers_keep_the_order_of_pipelined_requests(site):
    bodies = ["later 1", "2", "no 3", "later 4 no", "5", "later 6"]
    got = answers(site.post(*bodies), len(bodies))
    assert [each.partition(" ")[2] for each in got] == bodies


def test_a_connection_serves_both_ways_in_turn(site):
    connection = site.post("1")
    assert answers(connection) == ["shortcut 1"]
    for body, way in ((b"no", "application"), (b"ok", "shortcut"), (b"no", "application")):
        connection.sendall(b"POST /beat HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n" + body)
        assert answers(connection) == [f"{way} {body.decode()}"]


def test_a_client_that_asks_for_it_is_disconnected_after_its_answer(site):
    connection = site.post("later", close=True)
    assert answers(connection) == ["shortcut later"]
    assert connection.recv(1) == b""


def test_the_end_waits_for_an_answer_on_its_way(site):
    connection = site.post("later")
    time.sleep(0.05)
    code, output = site.end()
    assert answers(connection) == ["shortcut later"]
    assert code == 0
    assert "Traceback" not in output


def test_a_client_that_goes_before_its_answer_harms_nobody(site):
    site.post("later").close()
    time.sleep(0.3)
    assert answers(site.post("at once")) == ["shortcut at once"]
    assert "Traceback" not in site.end()[1]

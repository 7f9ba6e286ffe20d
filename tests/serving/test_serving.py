"""What a served process promises: streams written by their transport, and an end that cuts nobody off."""

import os
import signal
import time
from pathlib import Path

import pytest


def read_until(connection, end):
    read = b""
    while not read.endswith(end):
        more = connection.recv(4096)
        if not more:
            break
        read += more
    return read


def children_of(pid):
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(happened, seconds=10):
    give_up_at = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


@pytest.mark.parametrize("count", [0, 2])
def test_the_end_lets_streams_say_goodbye_and_slow_answers_finish(host, count):
    site = host(count)
    stream, slow = site.open("/stream"), site.open("/slow")
    assert b"transfer-encoding: chunked" in read_until(stream, b"one\r\n")
    code, output = site.end()
    assert code == 0
    assert read_until(stream, b"0\r\n\r\n") == b"3\r\nbye\r\n0\r\n\r\n"
    assert stream.recv(1) == b""
    assert b"200 OK" in read_until(slow, b"http")
    assert "Traceback" not in output
    assert output.count("closed") == max(count, 1)


def test_a_stopping_server_accepts_nobody(host):
    site = host()
    site.get()
    slow = site.open("/slow")
    site.process.terminate()
    time.sleep(0.25)
    with pytest.raises(ConnectionError):
        site.open("/")
    assert b"200 OK" in read_until(slow, b"http")


def test_streams_that_do_not_end_are_cut_when_patience_is_over(host):
    site = host(patience=0.5, NEVER_DRAINED="1")
    stream = site.open("/stream")
    read_until(stream, b"one\r\n")
    code, output = site.end()
    assert code == 0
    assert "Traceback" not in output


@pytest.mark.parametrize("count", [0, 1])
def test_the_second_signal_ends_at_once(host, count):
    site = host(count, patience=60.0, NEVER_DRAINED="1")
    stream = site.open("/stream")
    read_until(stream, b"one\r\n")
    site.process.terminate()
    assert site.process.stdout.readline() == "drained\n"
    code, output = site.end(signal.SIGINT)
    assert code != 0
    assert "Traceback" not in output


def test_a_stream_hears_of_its_lost_client(host):
    site = host()
    stream = site.open("/stream")
    read_until(stream, b"one\r\n")
    stream.close()
    assert site.process.stdout.readline() == "lost\n"


def test_http_1_0_gets_no_transport(host):
    stream = host().open("/stream", version="1.0")
    assert b"presence" not in read_until(stream, b"plain")


def test_forwarded_headers_count_from_trusted_proxies_only(host):
    headers = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    assert host().get(headers=headers).split()[1:] == ["127.0.0.1", "http"]
    assert host(TRUSTED="127.0.0.1").get(headers=headers).split()[1:] == ["192.0.2.7", "https"]


def test_a_crashed_process_is_started_again_and_leaves_no_zombie(host):
    site = host(2)
    wait_until(lambda: len(children_of(site.process.pid)) == 2)
    first = children_of(site.process.pid)
    os.kill(first[0], signal.SIGKILL)
    wait_until(lambda: len(set(children_of(site.process.pid)) - {first[0]}) == 2)
    assert first[1] in children_of(site.process.pid)
    answers = {site.get().split()[0] for _ in range(40)}
    assert answers <= {str(pid) for pid in children_of(site.process.pid)}
    code, output = site.end()
    assert code == 0
    assert "starts again" in output


def test_nothing_is_left_when_the_supervisor_is_killed(host):
    site = host(2)
    wait_until(lambda: len(children_of(site.process.pid)) == 2)
    children = children_of(site.process.pid)
    site.process.kill()
    site.process.wait()
    wait_until(lambda: not any(is_running(pid) for pid in children))


@pytest.mark.parametrize("count", [0, 2])
def test_an_application_that_cannot_start_ends_the_service(host, count):
    site = host(count, REFUSE_TO_START="1")
    output = site.process.communicate(timeout=20)[0]
    assert site.process.returncode != 0
    assert "not today" in output


def test_connections_spread_over_the_processes(host):
    site = host(2)
    answers = [site.get().split()[0] for _ in range(60)]
    assert len(set(answers)) == 2

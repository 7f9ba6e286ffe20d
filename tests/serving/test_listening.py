"""Where a service listens, and how it says that it cannot."""

import os
import socket

import pytest

from presence.serving.listening import (
    CannotListenError,
    described,
    listen_on_descriptor,
    listen_on_path,
    listen_on_port,
)


@pytest.mark.parametrize("count", [1, 3])
def test_a_busy_port_is_refused(count):
    with socket.socket() as other:
        # A stranger who would share the port does not make it free.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotListenError, match=f"127.0.0.1:{port}.*in use"):
            listen_on_port(host="127.0.0.1", port=port, count=count)


def test_each_process_gets_a_socket_of_the_same_port():
    listeners = listen_on_port(host="127.0.0.1", port=0, count=3)
    assert len({each.getsockname() for each in listeners}) == 1
    assert len({each.fileno() for each in listeners}) == 3
    for each in listeners:
        each.close()


def test_an_unknown_host_is_refused():
    with pytest.raises(CannotListenError, match="no address"):
        listen_on_port(host="not a host", port=0)


def test_an_abandoned_socket_file_is_replaced_and_a_used_one_is_not(tmp_path):
    path = tmp_path / "presence.sock"
    listen_on_path(path).close()
    listener = listen_on_path(path)
    assert described(listener) == f"unix:{path}"
    with pytest.raises(CannotListenError, match="somebody listens"):
        listen_on_path(path)
    listener.close()


def test_a_file_that_is_no_socket_stays(tmp_path):
    path = tmp_path / "notes"
    path.write_text("mine")
    with pytest.raises(CannotListenError, match="no socket"):
        listen_on_path(path)
    assert path.read_text() == "mine"


def test_an_inherited_descriptor_is_used_and_anything_else_refused():
    with socket.socket() as given:
        given.bind(("127.0.0.1", 0))
        listener = listen_on_descriptor(given.fileno())
        assert listener.getsockname() == given.getsockname()
        listener.close()
    reader, writer = os.pipe()
    with pytest.raises(CannotListenError, match="no socket"):
        listen_on_descriptor(reader)
    os.close(reader)
    os.close(writer)

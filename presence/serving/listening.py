"""Listening: the sockets that a service answers on, opened once, before any process that uses them.

Flow: --host/--port, --uds or --fd -> **listening** -> one socket for each web process.

Several processes get one socket each, bound to the same port (SO_REUSEPORT): the kernel spreads
connections evenly by their addresses. On one shared socket whoever is awake first takes a whole burst,
and streams stay where they were accepted. The supervisor keeps every socket open, so what queues for a
process that crashed is answered by its successor.
"""

import os
import socket
import stat
from pathlib import Path

# The kernel cuts this to net.core.somaxconn (4,096 by default): one second of a reconnect storm.
_BACKLOG = 4_096


class CannotListenError(Exception):
    """The address is taken, or is none. The message is one line for a person."""


def listen_on_port(*, host: str, port: int, count: int = 1) -> list[socket.socket]:
    """Return `count` sockets that listen on `host` and `port`; port 0 takes a free one.

    Raises:
        CannotListenError: somebody else listens there, or there is no such address.
    """
    where = f"{host}:{port}"
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CannotListenError(f"{where} is no address to listen on: {error.strerror}") from None
    listeners: list[socket.socket] = []
    try:
        # Alone first: sockets that share a port would share it with a stranger's as well.
        listeners.append(_bound(family, address, shared=False))
        if count > 1:
            first = listeners.pop()
            address = (address[0], first.getsockname()[1], *address[2:])
            first.close()
            for _ in range(count):
                listeners.append(_bound(family, address, shared=True))  # noqa: PERF401  (closed on error)
        for listener in listeners:
            listener.listen(_BACKLOG)
    except OSError as error:
        for listener in listeners:
            listener.close()
        raise CannotListenError(f"cannot listen on {where}: {error.strerror}") from None
    return listeners


def listen_on_path(path: Path) -> socket.socket:
    """Return a unix socket that listens at `path`; one that a dead process left there is replaced.

    Raises:
        CannotListenError: something else is there, or somebody listens.
    """
    listener = socket.socket(socket.AF_UNIX)
    try:
        if path.exists():
            _remove_abandoned(path)
        listener.bind(str(path))
        path.chmod(0o666)  # a proxy runs as somebody else; who may reach the folder decides
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListenError(f"cannot listen on {path}: {error.strerror or error}") from None
    return listener


def listen_on_descriptor(number: int) -> socket.socket:
    """Return the listening socket that the starter (systemd, a supervisor) has opened as `number`.

    Raises:
        CannotListenError: it is no socket.
    """
    try:
        listener = socket.socket(fileno=os.dup(number))
        listener.listen(_BACKLOG)
    except OSError as error:
        raise CannotListenError(f"descriptor {number} is no socket: {error.strerror}") from None
    return listener


def described(listener: socket.socket) -> str:
    """Return where `listener` listens, for a person."""
    address = listener.getsockname()
    if listener.family == socket.AF_UNIX:
        return f"unix:{address}"
    host = f"[{address[0]}]" if listener.family == socket.AF_INET6 else address[0]
    return f"http://{host}:{address[1]}"


def _bound(family: int, address: tuple[object, ...], *, shared: bool) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def _remove_abandoned(path: Path) -> None:
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise FileExistsError(0, "a file is there that is no socket")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise FileExistsError(0, "somebody listens there")

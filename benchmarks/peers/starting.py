"""Starting: the table of peers, and how each is started.

Flow: claim -> **starting** -> a peer's process on the server's core.
"""

import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

from benchmarks import machine

HERE = machine.ROOT / "benchmarks" / "peers"
VENV = machine.LOCAL / "venv"
PYTHON = str(VENV / "bin" / "python")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One peer: its command, and where it answers."""

    name: str
    command: tuple[str, ...]
    port: int
    path: str = "/events"


class PeerServer:
    """A running peer."""

    def __init__(self, peer: Peer, *, env: dict[str, str] | None = None) -> None:
        """Start `peer` and wait until it listens."""
        self.peer = peer
        self._process = machine.start(
            peer.command,
            core=machine.SERVER_CORE,
            env=env,
            log=machine.LOCAL / "logs" / f"{peer.name.replace(' ', '-').replace('/', '-')}.log",
        )
        give_up_at = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", peer.port), timeout=1).close()
            except OSError:
                if time.monotonic() > give_up_at or self._process.poll() is not None:
                    self.end()
                    raise
                time.sleep(0.05)
            else:
                return

    @property
    def pids(self) -> list[int]:
        """Every process of the peer."""
        return machine.family(self._process.pid)

    def end(self) -> None:
        """End it."""
        machine.end(self._process)


def beat_peers() -> list[Peer]:
    """Return who answers a POST."""
    bare = (sys.executable, "-m", "benchmarks.peers.bare_beat", "18410")
    peers = [Peer(name="bare ASGI 204", command=bare, port=18410, path="/beat")]
    if has_environment():
        peers += [
            Peer(
                name=f"naive consumer, {server}",
                command=(PYTHON, str(HERE / "channels_naive.py"), server, str(port)),
                port=port,
                path="/beat",
            )
            for server, port in (("uvicorn", 18411), ("daphne", 18412))
        ]
    return peers


def stream_peers() -> list[Peer]:
    """Return who hands one event to many streams; those of them that can run here."""
    peers = []
    if compiler := shutil.which("cc"):
        binary = machine.LOCAL / "epoll_writer"
        subprocess.run([compiler, "-O2", "-o", binary, HERE / "epoll_writer.c"], check=True)
        peers.append(Peer(name="bare C epoll", command=(str(binary), "18420"), port=18420))
    nginx = nchan()
    if nginx is not None:
        peers.append(nginx)
    if node := shutil.which("node"):
        command = (node, str(HERE / "node_http.js"), "18422")
        peers.append(Peer(name="node http", command=command, port=18422))
    if has_environment():
        peers += [
            Peer(name=name, command=(PYTHON, str(HERE / file), *more, str(port)), port=port)
            for name, file, more, port in (
                ("bare uvloop", "uvloop_writer.py", (), 18423),
                ("bare ASGI, queue per client", "bare_stream.py", (), 18424),
                ("sse-starlette", "starlette_sse.py", (), 18425),
                ("django-eventstream, uvicorn", "eventstream_site.py", (), 18426),
                ("naive consumer, uvicorn", "channels_naive.py", ("uvicorn",), 18427),
                ("naive consumer, daphne", "channels_naive.py", ("daphne",), 18428),
            )
        ]
    return peers


def has_environment() -> bool:
    """Return whether the peers' packages are there; install them the first time."""
    if not (VENV / "installed").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
            wanted = machine.ROOT / "benchmarks" / "requirements.txt"
            subprocess.run([PYTHON, "-m", "pip", "install", "-q", "-r", wanted], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"without the peers of PyPI: {error}", file=sys.stderr)
            return False
        (VENV / "installed").touch()
    return True


def nchan(port: int = 18421) -> Peer | None:
    """Return an nginx with Nchan, unpacked from Debian's packages without installing them; None if it cannot be had."""
    root = machine.LOCAL / "nchan" / "root"
    binary = root / "usr" / "sbin" / "nginx"
    if not binary.exists():
        try:
            root.mkdir(parents=True, exist_ok=True)
            for package in ("nginx", "libnginx-mod-nchan"):
                subprocess.run(
                    ["apt-get", "download", package], cwd=root, check=True, capture_output=True
                )
            for archive in root.glob("*.deb"):
                subprocess.run(["dpkg", "-x", archive, root], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"without Nchan: {error}", file=sys.stderr)
            return None
    (root / "tmp").mkdir(exist_ok=True)
    configured = root / f"nchan-{port}.conf"
    text = (HERE / "nchan.conf").read_text()
    configured.write_text(text.format(root=root, port=port))
    command = (str(binary), "-p", str(root), "-c", str(configured))
    return Peer(name="Nchan (nginx)", command=command, port=port)

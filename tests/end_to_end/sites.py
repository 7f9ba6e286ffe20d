"""Sites whose clocks run fast, and workers as processes of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.servers import ROOT, ServerKind, Site

# Everything in a hurry but the leases, which nobody's slowness ends. A grace is what a test has to be back in, so it
# is longer than a busy machine needs.
HURRIED = {
    "PRESENCE_LEAVE_GRACE": "3",
    "PRESENCE_KEEPALIVE_INTERVAL": "1",
    "PRESENCE_SWEEP_INTERVAL": "0.25",
    "PRESENCE_HISTORY_INTERVAL": "0.1",
    "PRESENCE_BEAT_GAP": "0.2",
    "PRESENCE_DRAIN_AFTER": "0.5",
    "PRESENCE_ROOM_ACCESS": "tests.end_to_end.features.room_rule.may",
    "PRESENCE_ALLOWED_ORIGINS": "https://app.example",
}
# Leases of seconds too, for tests of silence; the relations between the numbers are those of the defaults.
FAST = HURRIED | {
    "PRESENCE_HEARTBEAT_INTERVAL": "1.2",
    "PRESENCE_HIDDEN_HEARTBEAT_INTERVAL": "2.4",
    "PRESENCE_LEASE_AFTER": "3",
    "PRESENCE_HIDDEN_LEASE_AFTER": "6",
    "PRESENCE_STREAM_RENEWAL_INTERVAL": "0.6",
    "PRESENCE_STREAM_LEASE_AFTER": "3",
    "PRESENCE_IDLE_AFTER": "3",
    "PRESENCE_LEAVE_GRACE": "1",
}
LEASE = 3.0  # of FAST


class Worker:
    """A running `manage.py worker` on a site's data."""

    def __init__(self, site: Site) -> None:
        """Start it; nobody needs to wait for it, but may."""
        self.log = site.log.with_name(f"worker-{id(self)}.log")
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "worker"],
                cwd=ROOT,
                env=site.env,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> None:
        """Wait until it works: from then on it catches the signal that asks it to end."""
        caught = 1 << (signal.SIGTERM - 1)
        give_up_at = time.monotonic() + 120
        while not int(self._status("SigCgt"), 16) & caught:
            assert time.monotonic() < give_up_at, self.read_log()
            time.sleep(0.05)

    def _status(self, name: str) -> str:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))

    def stop(self) -> int:
        """Ask it to end and return its exit code."""
        self.wait()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """End it as a crash would. Harmless when it has ended."""
        self.process.kill()
        self.process.wait()

    def read_log(self) -> str:
        """Everything it has printed."""
        return self.log.read_text(errors="replace")


def start_with_worker(
    stack: ExitStack, serve: Callable[..., Site], kind: ServerKind, **env: str
) -> Site:
    """Start a hurried site with a worker: inside `manage.py serve`, beside daphne."""
    site = serve(kind=kind, env={**HURRIED, **env})
    if kind == "daphne":
        worker = Worker(site)
        stack.callback(worker.kill)
    return site


def log_files(site: Site) -> list[Path]:
    """The logs of a site and of its workers."""
    return [site.log, *site.log.parent.glob("worker-*.log")]

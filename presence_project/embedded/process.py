"""One server as a child process: started with few rights, ended cleanly, never left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from presence_project.embedded.folder import ServerFolder

PR_SET_PDEATHSIG = 1


class ServerFailedError(Exception):
    """A server ended while it was starting, or did not become ready in time."""


class ServerProcess:
    """A running server and its log."""

    def __init__(
        self, *, command: list[str], folder: ServerFolder, log: Path, end_signal: signal.Signals
    ) -> None:
        """Start the command as the folder's account.

        `end_signal` asks the server for a clean end; the kernel sends it too should this process die without a word.
        Call from a thread that lives as long as the server: the kernel watches the thread, not the process.
        """
        self.name = Path(command[0]).name
        self.log = log
        self._end_signal = end_signal
        account = folder.account
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                # A Ctrl-C at the terminal is for the starter, which ends the servers last, after those who use them.
                start_new_session=True,
                pass_fds=(folder.lock,),
                preexec_fn=die_with_parent(end_signal),
                user=account.user_to_become,
                group=account.group_to_become,
                extra_groups=account.groups_to_keep,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        pid: int = self._process.pid
        return pid

    @property
    def is_running(self) -> bool:
        """Whether the server has not ended."""
        return self._process.poll() is None

    def wait_until(self, is_ready: Callable[[], bool], *, within_seconds: float = 60.0) -> None:
        """Wait for the server to answer; its own last words become the error when it does not."""
        give_up_at = time.monotonic() + within_seconds
        while not is_ready():
            if not self.is_running:
                raise ServerFailedError(f"{self.name} ended at once: {self.last_words()}")
            if time.monotonic() > give_up_at:
                self.kill()
                raise ServerFailedError(
                    f"{self.name} was not ready in {within_seconds:.0f} s: {self.last_words()}"
                )
            time.sleep(0.01)

    def last_words(self) -> str:
        """The end of the log."""
        return " / ".join(self.log.read_text(errors="replace").strip().splitlines()[-5:])

    def stop(self, *, within_seconds: float = 20.0) -> None:
        """Ask for a clean end and wait for it; kill a server that does not come to one."""
        if self.is_running:
            self._process.send_signal(self._end_signal)
        try:
            self._process.wait(within_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the server as a crash would."""
        self._process.kill()
        self._process.wait()


def die_with_parent(end_signal: signal.Signals) -> Callable[[], None] | None:
    """What a child runs before its program so that it cannot outlive its parent; Linux only."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, int(end_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before the request was made
            os._exit(1)

    return arrange

"""Supervisor: the parent of all processes of one service, which runs none of its work.

Flow: manage.py serve -> **supervisor** -> fork: web processes, a worker; crash -> restart; signal -> all.

Children are forked after everything was imported, so they start in milliseconds and share that memory.
Each is a session of its own: Ctrl-C reaches the supervisor alone, which asks every child once. Should the
supervisor be killed, the kernel kills the children with it; none is left holding the port.
"""

import ctypes
import logging
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from presence.serving.server import CANNOT_START

logger = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5  # seconds before a process that crashed young starts again; doubled each time
_LONGEST_PAUSE = 15.0
_YOUNG = 10.0  # seconds; a process that lived longer starts again at once
_PR_SET_PDEATHSIG = 1
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


@dataclass(slots=True, kw_only=True)
class Role:
    """One child to keep alive: `run` is what it does, and returns its exit code."""

    name: str
    run: Callable[[], int]
    pid: int = 0
    started_at: float = 0.0
    start_at: float = 0.0
    crashes: int = 0
    was_restarted: bool = False


class Supervisor:
    """Keeps one process for each role."""

    def __init__(self, roles: Sequence[Role], *, patience: float) -> None:
        """On the end, give the children `patience` seconds, then kill them."""
        self._roles = roles
        self._patience = patience
        self._ended_by = 0  # exit code, once one is decided
        self._stop_at: float | None = None
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)

    def run(self, *, on_stop: Callable[[], None]) -> int:
        """Keep the children until told to end; return the exit code. `on_stop` closes the listeners."""
        before = {number: signal.signal(number, _noted) for number in _SIGNALS}
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        try:
            while True:
                self._start_due()
                for number in self._signals_until(self._next_event()):
                    if number == signal.SIGCHLD:
                        continue
                    if self._stop_at is not None:
                        self._kill()
                    self._stop(0, on_stop)
                self._reap(on_stop)
                if self._stop_at is not None:
                    if not any(role.pid for role in self._roles):
                        return self._ended_by
                    if time.monotonic() >= self._stop_at:
                        self._kill()
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _signals_until(self, at: float | None) -> bytes:
        timeout = None if at is None else max(0.0, at - time.monotonic())
        select.select([self._woken], [], [], timeout)
        try:
            return self._woken.recv(4096)
        except BlockingIOError:
            return b""

    def _next_event(self) -> float | None:
        times = [role.start_at for role in self._roles if not role.pid and self._stop_at is None]
        if self._stop_at is not None:
            times.append(self._stop_at)
        return min(times, default=None)

    def _start_due(self) -> None:
        now = time.monotonic()
        for role in self._roles:
            if not role.pid and self._stop_at is None and now >= role.start_at:
                role.pid, role.started_at = self._fork(role), now

    def _fork(self, role: Role) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        # Held back until the child has handlers of its own: it shares the parent's wake-up socket.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            return pid
        code = CANNOT_START
        try:
            _become_child(parent)
            self._wake.close()
            self._woken.close()
            code = role.run()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except BaseException:  # noqa: BLE001  (whatever it is, a child must not return into the parent's code)
            traceback.print_exc()
            code = 1
        finally:
            # Not sys.exit: the supervisor's own frames are below and must not run in a child.
            sys.stdout.flush()
            sys.stderr.flush()
            logging.shutdown()
            os._exit(code)

    def _reap(self, on_stop: Callable[[], None]) -> None:
        for role in self._roles:
            if not role.pid:
                continue
            pid, status = os.waitpid(role.pid, os.WNOHANG)
            if pid:
                role.pid = 0
                if self._stop_at is None:
                    self._plan_restart(role, os.waitstatus_to_exitcode(status), on_stop)

    def _plan_restart(self, role: Role, code: int, on_stop: Callable[[], None]) -> None:
        if code == CANNOT_START and not role.was_restarted:
            # It said itself why. What never ran would not run better the second time.
            self._stop(1, on_stop)
            return
        now = time.monotonic()
        role.crashes = role.crashes + 1 if now - role.started_at < _YOUNG else 0
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (role.crashes - 1)) if role.crashes else 0.0
        role.start_at = now + pause
        role.was_restarted = True
        logger.error("%s ended with code %d; it starts again in %.1f s", role.name, code, pause)

    def _stop(self, code: int, on_stop: Callable[[], None]) -> None:
        if self._stop_at is not None:
            return
        self._ended_by = code
        self._stop_at = time.monotonic() + self._patience
        on_stop()
        self._send(signal.SIGTERM)

    def _kill(self) -> None:
        self._ended_by = 1
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        for role in self._roles:
            if role.pid:
                os.kill(role.pid, number)


def _noted(_number: int, _frame: object) -> None:
    """Do nothing: the number is in the wake-up socket by now."""


def _become_child(parent: int) -> None:
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it died before the request was made
            os._exit(1)

"""Machine: where a process runs, and what it costs the processor and the memory.

Flow: claim -> **machine** -> Linux's /proc.

Two cores are needed: the server under test has one for itself, everything else shares the other.
"""

import ctypes
import os
import platform
import resource
import signal
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local" / "bench"
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, OTHER_CORE = CORES[0], CORES[-1]
_PR_SET_PDEATHSIG = 1


def keep_to_other_core() -> None:
    """Leave the server's core to the server: for the load client and all that it starts unpinned."""
    os.sched_setaffinity(0, {OTHER_CORE})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def most_streams(wanted: int) -> int:
    """Return `wanted`, or how many streams one process may open here: each is a file, and 500 are for the rest."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(wanted, most - 500)


def start(
    command: Sequence[str], *, core: int, env: dict[str, str] | None = None, log: Path
) -> subprocess.Popen[bytes]:
    """Start `command` on `core`; it dies with this process."""
    parent = os.getpid()

    def arrange() -> None:
        os.sched_setaffinity(0, {core})
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=arrange,  # noqa: PLW1509  (single-threaded here)
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that `start` started, and what it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in reversed(family(process.pid)):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            continue
        return


def family(pid: int) -> list[int]:
    """Return `pid` and its descendants."""
    found = [pid]
    for one in found:
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text()
        except FileNotFoundError:
            continue
        found += map(int, children.split())
    return found


def cpu(pids: Iterable[int]) -> float:
    """Return the processor time of `pids` so far, in seconds, to the nanosecond (not to the 10 ms tick)."""
    spent = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError):  # a thread that ended just now
                spent += int((task / "schedstat").read_text().split()[0])
    return spent / 1e9


def memory(pids: Iterable[int]) -> int:
    """Return the private memory of `pids` in bytes."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Private_Clean", "Private_Dirty")):
                total += int(line.split()[1]) * 1024
    return total


def described() -> str:
    """Return what this machine is, in one line."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{model}, {len(CORES)} cores, Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"

"""Profile: where the time of the process under test goes, sampled by py-spy while a claim loads it.

Flow: service under load -> py-spy -> **profile** -> docs/profiles/<path>.txt. `python -m benchmarks.profile [path …]`

py-spy slows what it looks at by a few per cent, so figures are never taken meanwhile.
"""

import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from benchmarks import churn, machine, posts, storm
from benchmarks.changes import Changes
from benchmarks.fan_out import MARK
from benchmarks.peers.starting import VENV, has_environment
from benchmarks.people import heartbeat, make_people, token_of
from benchmarks.publisher import Publisher
from benchmarks.returning import Returning
from benchmarks.service import Service
from benchmarks.streams import Streams, request

FOLDER = machine.ROOT / "docs" / "profiles"
_HERE = f"{machine.ROOT}/"
_SECONDS = 6
_LINES = 30
_RESTING = re.compile(
    r"(Condition\.)?wait \(threading|_worker \(concurrent/futures/thread\.py:\d+\) \d+$"
)


def heartbeats() -> None:
    """Unchanged heartbeats over 256 connections."""
    with Service(env={"PRESENCE_BEAT_GAP": "0"}) as service:
        beats = [heartbeat(f"u{number}") for number in range(3_000)]
        posts.post_each(beats, port=service.port, connections=16)
        with watched(service.pids[0], "heartbeats"):
            posts.post_for(_SECONDS, port=service.port, requests=beats, connections=256)


def fan_out() -> None:
    """1,000 streams on one topic, as fast as it goes."""
    with Service(
        env={"PRESENCE_FLUSH_INTERVAL": "0", "PRESENCE_PUBLISH_INTERVAL": "0"}, second=True
    ) as service:
        (topic,) = make_people(1)
        changes = [heartbeat(topic, activity=each) for each in ("active", "idle")]
        posts.post_each(changes, port=service.second_port, connections=1)
        requests = [
            request(
                f"/presence/stream?users={topic}", {"Authorization": f"Bearer {token_of(f'v{n}')}"}
            )
            for n in range(1_000)
        ]
        with Streams(requests, port=service.port, mark=MARK) as streams:
            streams.settle()
            with watched(service.pids[0], "fan-out"):
                streams.publish_for(_SECONDS, Publisher(service.second_port, *changes), ahead=6)


def many_changes() -> None:
    """500 changes a second, of which each of 1,000 streams sees a tenth."""
    with Service(second=True) as service:
        people = make_people(churn.USERS[0])
        beats = [heartbeat(user) for user in people]
        posts.post_each(beats, port=service.second_port, connections=16)
        requests = [
            churn.own_request(number, watched)
            for number, watched in enumerate(churn.watch_lists(people))
        ]
        with (
            Streams(requests, port=service.port, mark=MARK) as streams,
            Changes(service.second_port, churn.own_changes(people)) as changes,
        ):
            streams.settle()
            with watched(service.pids[0], "churn"), watched(service.second_pids[0], "publishing"):
                changes.send_for(_SECONDS, streams, a_second=churn.A_SECOND)


def visits() -> None:
    """People come to a new process, 500 a second, each with 200 contacts."""
    _storm("storm-first", is_back=False)


def returns() -> None:
    """The same people come back with a cursor and a session."""
    _storm("storm-back", is_back=True)


def _storm(name: str, *, is_back: bool) -> None:
    with storm.prepared(2_000) as (service, tokens, beats):
        seen = storm.cursor(service, tokens[0]) if is_back else ""
        requests = [storm.stream(token, at, seen) for at, token in enumerate(tokens)]
        service.renew()
        with (
            Returning(service.port, requests, beats) as returning,
            watched(service.pids[0], name),
        ):
            returning.run(within=4, patience=60)


@contextmanager
def watched(pid: int, name: str) -> Iterator[None]:
    """Sample the process `pid` meanwhile; write docs/profiles/`name`.txt."""
    samples = machine.LOCAL / f"{name}.folded"
    command = [str(VENV / "bin" / "py-spy"), "record", "--pid", str(pid), "--rate", "250"]
    command += ["--format", "raw", "--output", str(samples), "--duration", "120"]
    spy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    try:
        yield
    finally:
        spy.send_signal(2)  # py-spy writes what it has when it is interrupted
        with suppress(subprocess.TimeoutExpired):
            spy.wait(20)
        spy.kill()
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.txt").write_text(_summary(samples.read_text().splitlines()))


def _summary(folded: list[str]) -> str:
    """Return the heaviest functions, by their own time and by what they call."""
    # A thread that waits for work counts as running where py-spy cannot tell: leave it out.
    folded = [line for line in folded if not _RESTING.search(line)]
    own: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    for line in folded:
        stack, _, count = line.rpartition(" ")
        frames = [_short(frame) for frame in stack.split(";")]
        own[frames[-1]] += int(count)
        for frame in set(frames):
            all_of[frame] += int(count)
    total = sum(own.values())
    lines = [f"own %  with callees %  function ({total} samples, 250 a second of running code)"]
    for title, counts in (("by own time", own), ("by time with callees", all_of)):
        lines += ["", title]
        lines += [
            f"{own[frame] / total:6.1%} {all_of[frame] / total:8.1%}  {frame}"
            for frame, _ in counts.most_common(_LINES)
        ]
    return "\n".join([*lines, ""])


def _short(frame: str) -> str:
    """Return a frame without its line and without where this checkout and its environment lie."""
    function, _, file = frame.rpartition(":")[0].partition(" (")
    return f"{function} ({file.replace(_HERE, '').rpartition('site-packages/')[2]})"


PATHS: dict[str, Callable[[], None]] = {
    "heartbeats": heartbeats,
    "fan-out": fan_out,
    "churn": many_changes,
    "storm-first": visits,
    "storm-back": returns,
}


def main() -> int:
    """Profile the paths that were asked for; all of them when none was."""
    machine.keep_to_other_core()
    if not has_environment():
        return 1
    for path in sys.argv[1:] or PATHS:
        PATHS[path]()
        print((FOLDER / f"{path}.txt").read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Profile: where a heartbeat's time goes, sampled by py-spy in the running service.

Flow: service under load -> py-spy -> **profile** -> docs/profiles. `python -m benchmarks.profile`
"""

import subprocess
import sys
from collections import Counter

from benchmarks import machine, posts
from benchmarks.service import Service, heartbeat


def main() -> int:
    """Print the functions by their own time and by what they call."""
    machine.keep_to_other_core()
    samples = machine.LOCAL / "heartbeats.folded"
    with Service(env={"PRESENCE_BEAT_GAP": "0"}) as service:
        beats = [heartbeat(f"u{number}") for number in range(3_000)]
        posts.post_each(beats, port=service.port, connections=16)
        spy_on = f"--pid {service.pids[0]} --duration 6 --rate 400 --format raw --output {samples}"
        spy = subprocess.Popen(
            [str(machine.LOCAL / "venv" / "bin" / "py-spy"), "record", *spy_on.split()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        posts.post_for(7, port=service.port, requests=beats, connections=256)
        spy.wait()
    report(samples.read_text().splitlines())
    return 0


def report(folded: list[str]) -> None:
    """Print the 40 heaviest functions."""
    own: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    for line in folded:
        stack, _, count = line.rpartition(" ")
        frames = [frame.rpartition(":")[0] for frame in stack.split(";")]
        own[frames[-1]] += int(count)
        for frame in set(frames):
            all_of[frame] += int(count)
    total = sum(own.values())
    print("own %  with callees %  function")
    for frame, count in own.most_common(45):
        print(f"{count / total:6.1%} {all_of[frame] / total:8.1%}  {frame}")


if __name__ == "__main__":
    sys.exit(main())

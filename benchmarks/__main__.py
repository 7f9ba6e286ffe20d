"""`python -m benchmarks [claim …] [--runs 5]`: measure, print, and write docs/performance.md.

Flow: command line -> **this** -> each claim -> report.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import fan_out, heartbeats, latency, machine, renewals, report

Rows = list[dict[str, Any]]


def heartbeat_rows(asked: argparse.Namespace) -> Rows:
    """What a heartbeat costs."""
    costs = heartbeats.measure(runs=asked.runs, seconds=asked.seconds)
    bare = next(cost for cost in costs if cost.name.startswith("bare")).server.middle
    return [
        {
            "one heartbeat": cost.name,
            "server CPU, µs": str(cost.server),
            "of the bare one": f"{cost.server.middle / bare:.2f}",
            "live store CPU, µs": str(cost.store or ""),
        }
        for cost in costs
    ]


def fan_out_rows(asked: argparse.Namespace) -> Rows:
    """What a delivered event, an open stream and a connect cost."""
    found = fan_out.measure(runs=asked.runs, seconds=asked.seconds, streams=asked.streams)
    own = found[0].server.middle
    return [
        {
            f"{asked.streams:,} streams, one topic": each.name,
            "server CPU per delivered event, µs": str(each.server),
            "of ours": f"{each.server.middle / own:.2f}",
            "deliveries/s": str(each.rate),
            "CPU at 20 events/s, µs": str(each.paced),
            "memory per stream, KiB": str(each.memory),
            "CPU per connect, µs": str(each.connect),
        }
        for each in found
    ]


def latency_rows(asked: argparse.Namespace) -> Rows:
    """How long a change takes from one process to a stream of another."""
    middle, late = latency.measure(changes=100, idle_streams=asked.streams)
    return [
        {
            "heartbeat to event, two processes": f"{asked.streams:,} other streams open",
            "p50, ms": f"{middle:.1f}",
            "p99, ms": f"{late:.1f}",
        }
    ]


def renewal_rows(asked: argparse.Namespace) -> Rows:
    """What it costs to keep the sessions of open streams alive."""
    own, stored = renewals.measure(runs=asked.runs)
    return [
        {
            "one renewal of an attached session": f"{renewals.SESSIONS:,} sessions",
            "web CPU, µs": str(own),
            "live store CPU, µs": str(stored),
        }
    ]


CLAIMS: dict[str, Callable[[argparse.Namespace], Rows]] = {
    "heartbeats": heartbeat_rows,
    "fan-out": fan_out_rows,
    "latency": latency_rows,
    "renewals": renewal_rows,
}


def main() -> int:
    """Measure what was asked for; everything when nothing was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("claims", nargs="*", metavar="claim", help=", ".join(CLAIMS))
    parser.add_argument("--runs", type=int, default=5, help="medians are of so many (default 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of one run (default 1)")
    parser.add_argument("--streams", type=int, default=1_000, help="open streams (default 1,000)")
    asked = parser.parse_args()
    unknown = set(asked.claims) - set(CLAIMS)
    if unknown:
        parser.error(f"no such claim: {', '.join(sorted(unknown))}; there are {', '.join(CLAIMS)}")
    machine.keep_to_other_core()
    for claim in asked.claims or CLAIMS:
        rows = CLAIMS[claim](asked)
        for row in rows:
            print("   ".join(f"{value:<30}" for value in row.values()), flush=True)
        report.keep(claim, rows)
    report.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())

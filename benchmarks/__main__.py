"""`python -m benchmarks [claim …] [--runs 5] [--trial]`: measure, print, write the tables of docs.

Flow: command line -> **this** -> each claim -> report.
"""

import argparse
import sys
import time
from collections.abc import Callable

from benchmarks import (
    capacity,
    churn,
    fan_out,
    growth,
    heartbeats,
    latency,
    machine,
    renewals,
    report,
    sizes,
    storm,
)
from benchmarks.asked import Asked, Tables

CLAIMS: dict[str, Callable[[Asked], Tables]] = {
    "heartbeats": heartbeats.tables,
    "fan-out": fan_out.tables,
    "fan-out-10000": fan_out.large_tables,
    "churn": churn.tables,
    "latency": latency.tables,
    "renewals": renewals.tables,
    "storm": storm.tables,
    "growth": growth.tables,
    "sizes": sizes.tables,
    "capacity": capacity.tables,
}


def main() -> int:
    """Measure what was asked for; everything when nothing was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("claims", nargs="*", metavar="claim", help=", ".join(CLAIMS))
    parser.add_argument("--runs", type=int, default=5, help="medians are of so many (default 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of one run (default 1)")
    parser.add_argument("--trial", action="store_true", help="a tenth of everything; write nothing")
    given = parser.parse_args()
    unknown = set(given.claims) - set(CLAIMS)
    if unknown:
        parser.error(f"no such claim: {', '.join(sorted(unknown))}; there are {', '.join(CLAIMS)}")
    asked = Asked(runs=given.runs, seconds=given.seconds, is_trial=given.trial)
    machine.keep_to_other_core()
    for claim in given.claims or CLAIMS:
        began_at = time.monotonic()
        tables = CLAIMS[claim](asked)
        print(report.printed(tables))
        print(f"{claim}: {time.monotonic() - began_at:.0f} s\n", flush=True)
        if not asked.is_trial:
            report.write(tables)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Real replicas, a real Redis, answers that are recorded and followed while they come, faults. See docs/leases.md.

    PYTHONPATH=tests build/venv/bin/python -m drills.streams [--short] [--row NAME]...

Bounds on time hold for p99, in the full form for the most too where the row says so. What takes milliseconds is
read by programs in Go, and how late a timer of 1 ms fires in them is told beside it: the machine's share.
"""

import argparse
import sys

from ..support.verdict import Verdict
from . import clients, frozen_recorder, frozen_redis, go_readers, joining, killed_recorder, killed_replica, slow_readers
from .crowd import Crowd

# Each: run(verdict, crowd, short).
ROWS = {
    "joining": joining,
    "slow-readers": slow_readers,
    "killed-recorder": killed_recorder,
    "frozen-recorder": frozen_recorder,
    "killed-replica": killed_replica,
    "frozen-redis": frozen_redis,
    "clients": clients,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/drill streams")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--row", action="append", choices=ROWS)
    options = parser.parse_args()
    verdict = Verdict("streams", leniency=3 if options.short else 1)
    go_readers.build()
    crowd = Crowd()
    for name in options.row or ROWS:
        ROWS[name].run(verdict, crowd, options.short)
    return 0 if verdict.all_kept() else 1


if __name__ == "__main__":
    sys.exit(main())

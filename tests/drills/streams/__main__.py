import argparse
import sys

from ..support.verdict import Verdict
from . import frozen_recorder, frozen_redis, go_readers, joining, killed_recorder, killed_replica, slow_readers
from .crowd import Crowd

ROWS = {
    "joining": joining,
    "slow-readers": slow_readers,
    "killed-recorder": killed_recorder,
    "frozen-recorder": frozen_recorder,
    "killed-replica": killed_replica,
    "frozen-redis": frozen_redis,
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

import argparse
import sys

from . import frozen_recorder, frozen_redis, joining, killed_recorder, killed_replica
from .crowd import Crowd
from .verdict import Verdict

ROWS = {
    "joining": joining,
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
    verdict = Verdict(leniency=3 if options.short else 1)
    crowd = Crowd()
    for name in options.row or ROWS:
        ROWS[name].run(verdict, crowd, options.short)
    return 0 if verdict.all_kept() else 1


if __name__ == "__main__":
    sys.exit(main())

"""Real replicas, a real Redis, clients of several languages, faults: how often the model is called. See docs/leases.md.

    PYTHONPATH=tests:clients/python/src build/venv/bin/python -m drills.leases [--short] [--row NAME]...
"""

import argparse
import sys
from collections.abc import Callable

from ..support.verdict import Verdict
from . import (
    cancelled_waiters,
    cut_off,
    frozen_holders,
    killed_holders,
    late_sets,
    lost_redis,
    released,
    single_call,
)
from .crowd import build_go_program
from .scene import Scene, running_scene

# By the seconds that leases hold: rows in which they run out have short ones.
ROWS: dict[float, dict[str, Callable[[Verdict, Scene], None]]] = {
    30: {
        "single-call": single_call.run,
        "released": released.run,
        "cancelled-waiters": cancelled_waiters.run,
        "late-sets": late_sets.run,
        "lost-redis": lost_redis.run,
    },
    1: {
        "killed-holders": killed_holders.run,
        "frozen-holders": frozen_holders.run,
        "cut-off": cut_off.run,
    },
}


def main() -> int:
    names = [name for rows in ROWS.values() for name in rows]
    parser = argparse.ArgumentParser(prog="scripts/drill leases")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--row", action="append", choices=names)
    options = parser.parse_args()
    verdict = Verdict("leases", leniency=3 if options.short else 1)
    program = build_go_program()
    for hold, rows in ROWS.items():
        wanted = [run for name, run in rows.items() if name in (options.row or names)]
        if not wanted:
            continue
        with running_scene(program, hold, options.short) as scene:
            for run in wanted:
                run(verdict, scene)
                verdict.tell("memory of the replicas, MiB", scene.stage.resident_mebibytes())
    return 0 if verdict.all_kept() else 1


if __name__ == "__main__":
    sys.exit(main())

"""Real replicas, a real Redis, clients of several languages, faults: how often the model is called. See docs/leases.md.

    PYTHONPATH=tests:clients/python/src build/venv/bin/python -m drills.leases [--short] [--row NAME]...
"""

import argparse
import sys
from collections.abc import Callable

from ..support.verdict import Verdict
from . import (
    behind,
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
from .scene import Scene, Setting, running_scene

_MOST_GROWTH = 64  # MiB. What the memory tier may come to hold here is a fraction of it.

# An operation on Redis that takes longer than its timeout is a failover: leases are given alone, and what is promised
# is another number. On a busy machine the usual 50 ms can pass so; rows that are not about it allow for that. Rows in
# which leases run out have short ones.
ROWS: dict[Setting, dict[str, Callable[[Verdict, Scene], None]]] = {
    Setting(hold=30, redis_timeout="1s"): {
        "single-call": single_call.run,
        "released": released.run,
        "cancelled-waiters": cancelled_waiters.run,
        "late-sets": late_sets.run,
    },
    Setting(hold=1, redis_timeout="1s"): {
        "killed-holders": killed_holders.run,
        "frozen-holders": frozen_holders.run,
        "cut-off": cut_off.run,
    },
    Setting(hold=30, redis_timeout="50ms"): {
        "lost-redis": lost_redis.run,
        "behind": behind.run,
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
    for setting, rows in ROWS.items():
        wanted = [run for name, run in rows.items() if name in (options.row or names)]
        if wanted:
            with running_scene(program, setting, options.short) as scene:
                _run_rows(verdict, scene, wanted)
    return 0 if verdict.all_kept() else 1


def _run_rows(verdict: Verdict, scene: Scene, rows: list[Callable[[Verdict, Scene], None]]) -> None:
    rows[0](verdict, scene)
    after_the_first = scene.stage.resident_mebibytes()
    for run in rows[1:]:
        run(verdict, scene)
    memory = scene.stage.resident_mebibytes()
    verdict.row("memory of the replicas of these rows")
    verdict.tell("after the first row, and now, MiB", f"{after_the_first}, {memory}")
    verdict.at_most("the most that one grew, MiB", max(map(int.__sub__, memory, after_the_first)), _MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())

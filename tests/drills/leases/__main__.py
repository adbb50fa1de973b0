"""Real replicas, a real Redis, clients of several languages, faults: how often the model is called. See docs/leases.md.

    PYTHONPATH=tests:clients/python/src build/venv/bin/python -m drills.leases [--short] [--row NAME]...
"""

import argparse
import contextlib
import sys

from ..support.fake_model import FakeModel
from ..support.stage import running_stage
from ..support.verdict import Verdict
from . import single_call
from .crowd import Crowd, build_go_program
from .scene import Scene

ROWS = {
    "single-call": single_call,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/drill leases")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--row", action="append", choices=ROWS)
    options = parser.parse_args()
    verdict = Verdict("leases", leniency=3 if options.short else 1)
    program = build_go_program()
    with running_stage() as stage, FakeModel() as model, Crowd(stage, model.url, program) as crowd:
        scene = Scene(stage, model, crowd, options.short)
        for name in options.row or ROWS:
            ROWS[name].run(verdict, scene)
            verdict.tell("memory of the replicas, MiB", stage.resident_mebibytes())
    return 0 if verdict.all_kept() else 1


if __name__ == "__main__":
    sys.exit(main())

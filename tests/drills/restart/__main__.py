"""Replicas that are replaced one by one while clients of Python and Go go on: nobody sees an error.

    PYTHONPATH=tests build/venv/bin/python -m drills.restart [--short]

Ten rolling restarts of three replicas behind a name that each client resolves for itself (a headless Service), 500
operations a second in all; short: two.
"""

import argparse
import contextlib
import sys
import time

from ..support.verdict import Verdict, spread
from . import go_load
from .fleet import Fleet, running_fleet
from .go_load import GoLoad
from .load import PythonLoad, Report

RATE = 250.0  # Operations a second of each language.


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/drill restart")
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    verdict = Verdict("restart", leniency=3 if options.short else 1)
    go_load.build()
    with running_fleet() as fleet, contextlib.ExitStack() as stack:
        loads = {"Python": PythonLoad(fleet.endpoint, RATE, {}), "Go": GoLoad(fleet.endpoint, RATE, {})}
        for load in loads.values():
            stack.callback(load.kill)
        began = time.monotonic()
        restarts = 2 if options.short else 10
        for _ in range(restarts):
            fleet.restart_all()
        lasted = time.monotonic() - began
        reports = {language: load.end() for language, load in loads.items()}
    for language, report in reports.items():
        judge(verdict, language, report, lasted)
    judge_fleet(verdict, fleet, restarts)
    return 0 if verdict.all_kept() else 1


def judge(verdict: Verdict, language: str, report: Report, lasted: float) -> None:
    verdict.row(f"{language}: {RATE:g} operations a second for {lasted:.0f} s")
    verdict.at_least("operations", report.operations, int(0.98 * RATE * lasted))
    verdict.equal("errors that a caller saw", report.error_count, 0)
    for error in report.errors[:5]:
        verdict.tell("  ", error)
    verdict.equal("wrong answers", report.wrong, 0)
    verdict.at_least("answers from the cache", report.hits, report.operations // 2)
    verdict.at_least("answers stored", report.stored, report.operations // 20)
    verdict.tell("time of an operation, p50 / p99 / most", spread(report.seconds))


def judge_fleet(verdict: Verdict, fleet: Fleet, restarts: int) -> None:
    verdict.row(f"{restarts} rolling restarts of 3 replicas")
    verdict.equal("replicas replaced", len(fleet.exit_codes), 3 * restarts)
    verdict.equal("that ended with another code than 0", sum(code != 0 for code in fleet.exit_codes), 0)
    verdict.tell("from SIGTERM to the end, p50 / p99 / most", spread(fleet.seconds_to_go))


if __name__ == "__main__":
    sys.exit(main())

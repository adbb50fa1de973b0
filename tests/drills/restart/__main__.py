"""Replicas that are replaced one by one while clients of Python and Go go on: nobody sees an error.

    PYTHONPATH=tests build/venv/bin/python -m drills.restart [--short]

Ten rolling restarts of three replicas behind a name that each client resolves for itself (a headless Service), 500
operations a second in all, over TLS and with tokens; certificates and tokens are renewed all the while. Short: two.
"""

import argparse
import contextlib
import pathlib
import sys
import tempfile
import time
from collections.abc import Mapping

from paracle_cache import Client
from paracle_cache.errors import Unauthenticated

from ..support.verdict import Verdict, spread
from . import go_load
from .authority import SECONDS_TO_TAKE, Authority, Rotation
from .fleet import Fleet, running_fleet
from .go_load import GoLoad
from .load import PythonLoad, Report, question

RATE = 250.0  # Operations a second of each language.


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/drill restart")
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    verdict = Verdict("restart", leniency=3 if options.short else 1)
    go_load.build()
    with contextlib.ExitStack() as stack:
        authority = Authority(pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory())))
        fleet = stack.enter_context(running_fleet(*authority.flags, access=authority.trust))
        run(verdict, fleet, authority, 2 if options.short else 10, stack)
    return 0 if verdict.all_kept() else 1


def run(verdict: Verdict, fleet: Fleet, authority: Authority, restarts: int, stack: contextlib.ExitStack) -> None:
    loads = {
        "Python": PythonLoad(fleet.endpoint, RATE, authority.access),
        "Go": GoLoad(fleet.endpoint, RATE, authority.access),
    }

    def use(access: Mapping[str, str]) -> None:
        for load in loads.values():
            load.use(access)

    for load in loads.values():
        stack.callback(load.kill)
    began = time.monotonic()
    rotation = Rotation(authority, use)
    for _ in range(restarts):
        fleet.restart_all()
    rotation.end()
    lasted = time.monotonic() - began
    reports = {language: load.end() for language, load in loads.items()}
    for language, report in reports.items():
        judge(verdict, language, report, lasted)
    judge_fleet(verdict, fleet, restarts)
    judge_rotation(verdict, fleet, authority, rotation, restarts)


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


def judge_rotation(
    verdict: Verdict, fleet: Fleet, authority: Authority, rotation: Rotation, restarts: int
) -> None:
    verdict.row("certificates and tokens renewed meanwhile")
    verdict.at_least("tokens", rotation.tokens, restarts)
    verdict.at_least("certificates", authority.certificates, restarts)
    time.sleep(SECONDS_TO_TAKE)
    shown = sum(authority.shown_by(address) for address in fleet.addresses)
    verdict.equal("replicas that show the newest certificate", shown, len(fleet.addresses))
    with Client(fleet.endpoint, **{**authority.access, "token": authority.retired_token}) as client:
        try:
            client.get(question(0))
            refused = False
        except Unauthenticated:
            refused = True
    verdict.equal("a retired token is refused", refused, True)


if __name__ == "__main__":
    sys.exit(main())

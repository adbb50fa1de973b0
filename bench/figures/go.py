"""`Get` hits of the Go client beside a bare grpc-go client's.

4 KiB, one connection, 64 goroutines. Both ask the same cache server for the same entry with the same bytes, so what they
differ in is the client: the bare one has no deadline, retries or protobuf, and does not look at the answer. An echo
server would add its own cost to both and tell no more. Rounds of both alternate, and the order within a round too; each
round gives one ratio.
"""

import os
import pathlib
import shutil
import subprocess

from figures.measuring import NotMeasured, Programs, spread
from figures.report import Row

ROUNDS = 9
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MODULE = ROOT / "clients" / "go"
BINARY = ROOT / "build" / "tools" / "go" / "benchget"


def measure(programs: Programs):
    build()
    rates = {"paracle": [], "bare": []}
    with programs.cache_server() as cache:
        for i in range(ROUNDS):
            for client in sorted(rates, reverse=i % 2 == 1):
                rates[client].append(hits_per_second(cache.endpoint, client))
    ratios = [ours / bare for ours, bare in zip(rates["paracle"], rates["bare"])]
    yield Row("go: Get hit, 4 KiB, 64 goroutines, over a bare grpc-go client", unit="x", bound=0.85, at_least=True,
              **spread(ratios))
    yield Row("  Go client", unit="/s", **spread(rates["paracle"]))
    yield Row("  bare grpc-go", unit="/s", **spread(rates["bare"]))


def build() -> None:
    if shutil.which("go") is None:
        raise NotMeasured("no Go")
    command = ["go", "build", "-o", str(BINARY), "./internal/benchget"]
    run = subprocess.run(command, cwd=MODULE, env=os.environ | {"GOTOOLCHAIN": "auto"}, capture_output=True, text=True)
    if run.returncode != 0:
        raise NotMeasured(f"{' '.join(command)}: {run.stderr.strip()}")


def hits_per_second(endpoint: str, client: str) -> float:
    command = [str(BINARY), "-endpoint", endpoint, "-client", client, "-goroutines", "64", "-duration", "2s"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARACLE_")}
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    if run.returncode != 0:
        raise NotMeasured(f"{' '.join(command)}: {run.stderr.strip()}")
    return float(run.stdout)

"""Readers in Go, in several processes: they cost a tenth of what readers in Python do, so that what is measured is the
service and not they."""

import dataclasses
import json
import os
import subprocess
from collections.abc import Sequence

from . import clocks
from .crowd import Arrival
from support.server_process import ROOT

PROCESSES = 4
_PROGRAM = ROOT / "build" / "drill" / "streamload"


@dataclasses.dataclass
class GoReader:
    """As clients/go/internal/streamload tells it."""

    replica: int
    how: str
    live: bool
    first: float
    sha256: str
    lags: list[float]
    error: str


@dataclasses.dataclass
class GoReport:
    readers: list[GoReader]
    lateness: list[float]

    @property
    def firsts(self) -> list[float]:
        return [reader.first for reader in self.readers]

    @property
    def lags(self) -> list[float]:
        return [lag for reader in self.readers for lag in reader.lags]


def build() -> None:
    """As scripts/test finds Go; takes seconds the first time."""
    _PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "build", "-o", _PROGRAM, "./internal/streamload"], cwd=ROOT / "clients" / "go", check=True,
                   env={"GOTOOLCHAIN": "auto"} | os.environ, timeout=600)


class GoCrowd:
    """Begun when it is made: all are connected, and arrive from `begin` on."""

    def __init__(self, addresses: list[str], arrivals: Sequence[Arrival], processes: int = PROCESSES, **plan):
        self.begin = clocks.now() + 0.5
        self._processes = [_start() for _ in range(processes)]
        for index, process in enumerate(self._processes):
            mine = [{"replica": each.replica, "at": each.at} for each in arrivals[index::processes]]
            json.dump({"endpoints": addresses, "begin": self.begin, "arrivals": mine} | plan, process.stdin)
            process.stdin.close()
        for process in self._processes:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("a reader in Go did not start")
        self.late = max(0.0, clocks.now() - self.begin)

    def join(self) -> GoReport:
        reports = [json.loads(process.stdout.readline()) for process in self._processes]
        for process in self._processes:
            process.wait(timeout=10)
        readers = [reader for each in reports for reader in each["readers"]]
        return GoReport(
            [GoReader(**reader | {"lags": reader["lags"] or []}) for reader in readers],
            [late for each in reports for late in each["lateness"] or []],
        )

    def kill(self) -> None:
        for process in self._processes:
            process.kill()


def _start() -> subprocess.Popen:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PARACLE_CACHE_")}
    return subprocess.Popen(
        [str(_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean | {"GOMAXPROCS": "1"}
    )

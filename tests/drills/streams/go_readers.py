"""Readers in Go, in several processes: they cost a tenth of what readers in Python do, so that what is measured is the
service and not they."""

import dataclasses
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from . import clocks
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
    """Begun when it is made: all are connected, and arrive at `places`: a replica, and seconds after `begin`, which is
    `lead` seconds later. `settings` are of its environment, `plan` is what the program wants besides."""

    def __init__(
        self,
        addresses: list[str],
        places: Sequence[tuple[int, float]],
        processes: int = PROCESSES,
        lead: float = 0.5,
        settings: Mapping[str, str] = MappingProxyType({}),
        **plan: object,
    ):
        self.begin = clocks.now() + lead
        self._processes = [_start(settings) for _ in range(processes)]
        for index, process in enumerate(self._processes):
            mine = [{"replica": replica, "at": at} for replica, at in places[index::processes]]
            json.dump({"endpoints": addresses, "begin": self.begin, "arrivals": mine} | plan, process.stdin)
            process.stdin.close()
        for process in self._processes:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("a reader in Go did not start")

    def join(self) -> GoReport:
        reports = [json.loads(process.stdout.readline()) for process in self._processes]
        for process in self._processes:
            process.wait(timeout=10)
        readers = [reader for each in reports for reader in each["readers"]]
        return GoReport(
            [GoReader(**reader | {"lags": reader["lags"] or []}) for reader in readers],
            [late for each in reports for late in each["lateness"] or []],
        )


def _start(settings: Mapping[str, str]) -> "subprocess.Popen[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PARACLE_CACHE_")}
    environment = clean | {"GOMAXPROCS": "1"} | settings
    return subprocess.Popen([_PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

"""Waves of identical questions from processes of several languages, at all replicas."""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import threading
import time
from collections.abc import Iterator

from support.server_process import ROOT

from ..support.stage import Stage
from ..support.worker import Worker
from . import load
from .load import Tally, Wave
from .questions import name_of

# Seconds. Hundreds of tasks on a busy machine are later than the default allows, and a slice of waiting that ends late
# is a failure to a client: three of them, and it goes on without the cache. Nothing here is about that.
RPC_TIMEOUT = 5.0
_HEAD_START = 0.1  # Seconds that one language has before the other, in turns. Nothing depends on it.
_PATIENCE = 150  # Seconds. Longer than anybody waits for an answer.


@dataclasses.dataclass
class WaveResult:
    wave: Wave
    tallies: list[Tally]
    began: float
    ended: float  # When the last process had told its result.

    def sum(self, figure: str) -> int:
        return sum(getattr(tally, figure) for tally in self.tallies)

    @property
    def names(self) -> list[str]:
        return [name_of(self.wave.first + number) for number in range(self.wave.keys)]

    @property
    def distinct(self) -> list[str]:
        return [name for tally in self.tallies for name in tally.distinct]

    @property
    def last_asked(self) -> float:
        """By time.monotonic."""
        return max(tally.last_asked for tally in self.tallies) - time.time() + time.monotonic()

    @property
    def slowest(self) -> float:
        return max(tally.slowest_seconds for tally in self.tallies)


class Crowd:
    """Half of those who ask are Go's; of Python's, one in five is a thread, the others are tasks of an event loop."""

    def __init__(self, stage: Stage, model_url: str, go_program: pathlib.Path):
        arguments = (stage.addresses, model_url)
        with _environment(PARACLE_CACHE_TIMEOUT=str(RPC_TIMEOUT)):
            self._workers = {"tasks": Worker(load.tasks, *arguments), "threads": Worker(load.threads, *arguments)}
        self._go = [str(go_program), "-endpoints", ",".join(stage.addresses), "-model-url", model_url]
        self._waves = 0
        for worker in self._workers.values():
            worker.receive()

    def begin(self, wave: Wave) -> "RunningWave":
        self._waves += 1
        go_first = self._waves % 2 == 0
        threads = max(1, wave.waiters // 10)
        shares = {"go": wave.waiters // 2, "threads": threads, "tasks": wave.waiters - wave.waiters // 2 - threads}
        began = time.monotonic()
        if go_first:
            go = self._begin_go(dataclasses.replace(wave, waiters=shares["go"]))
            time.sleep(_HEAD_START)
        for name, worker in self._workers.items():
            worker.send(dataclasses.replace(wave, waiters=shares[name]))
        if not go_first:
            time.sleep(_HEAD_START)
            go = self._begin_go(dataclasses.replace(wave, waiters=shares["go"]))
        return RunningWave(wave, began, go, list(self._workers.values()))

    def run(self, wave: Wave) -> WaveResult:
        return self.begin(wave).join()

    def _begin_go(self, wave: Wave) -> subprocess.Popen[str]:
        flags = ["-first", wave.first, "-keys", wave.keys, "-waiters", wave.waiters]
        environment = _clean_environment() | {"PARACLE_CACHE_TIMEOUT": str(RPC_TIMEOUT)}
        return subprocess.Popen([*self._go, *map(str, flags)], stdout=subprocess.PIPE, text=True, env=environment)

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.kill()


class RunningWave:
    def __init__(self, wave: Wave, began: float, go: subprocess.Popen[str], workers: list[Worker]):
        self._wave = wave
        self._began = began
        self._go = go
        self._workers = workers

    def join(self) -> WaveResult:
        deadline = threading.Timer(_PATIENCE, self._go.kill)
        deadline.start()
        try:
            line, ended = self._go.stdout.readline(), time.monotonic()
            self._go.communicate()
        finally:
            deadline.cancel()
        if not line:
            raise RuntimeError(f"leaseload ended with {self._go.returncode} and said nothing")
        tallies = [Tally(**json.loads(line))]
        for worker in self._workers:
            tally, at = worker.receive_at(_PATIENCE)
            tallies.append(tally)
            ended = max(ended, at)
        return WaveResult(self._wave, tallies, self._began, ended)


def build_go_program() -> pathlib.Path:
    """As scripts/test finds Go; takes seconds the first time."""
    program = ROOT / "build" / "drill" / "leaseload"
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "build", "-o", program, "./internal/leaseload"], cwd=ROOT / "clients" / "go", check=True,
                   env={"GOTOOLCHAIN": "auto"} | os.environ, timeout=600)
    return program


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PARACLE_CACHE_")}


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """For processes that are begun in it."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

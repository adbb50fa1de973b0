"""A server, an honest client of it, and what the server's process holds."""

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable, Iterator

from support.server_process import ServerProcess, running_server

from ..support.stage import await_that, resident_bytes
from ..support.verdict import Verdict, milliseconds, quantile
from ..support.worker import Worker
from .honest import Honest, Served

_FEWEST_CALLS = 50  # Of the honest client in one phase.
_SLACK = 0.25  # Seconds: the abuser takes one of the machine's two processors, and an answer may have to wait for it.
_MOST_RATIO = 10


@dataclasses.dataclass
class Scene:
    server: ServerProcess
    honest: Honest

    @property
    def address(self) -> str:
        return self.server.address

    def resident(self) -> int:
        return resident_bytes(self.server.process.pid)

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))


@contextlib.contextmanager
def running_scene(*flags: str) -> Iterator[Scene]:
    with running_server(*flags) as server, Honest(server.address) as honest:
        honest.served_for(0.3)  # What the first use of everything costs is not to be counted.
        yield Scene(server, honest)


def judge_beside(
    verdict: Verdict, scene: Scene, seconds: float, abuse: Callable[..., None], *args: object, growth: int
) -> object:
    """Runs `abuse` in a process of its own for so long and judges how others fared, `growth` in MiB. What it said."""
    files, resident = scene.open_files(), scene.resident()
    quiet = scene.honest.served_for(max(1.0, seconds / 3))
    with Worker(abuse, scene.address, seconds, *args) as abuser:
        abuser.receive()  # It has begun.
        scene.honest.begin(seconds)
        most, until = resident, time.monotonic() + seconds
        while time.monotonic() < until:
            most = max(most, scene.resident())
            time.sleep(0.02)
        served = scene.honest.end()
        said = abuser.receive()
    judge_served(verdict, quiet, served)
    verdict.equal("the process lives", scene.server.process.poll(), None)
    verdict.at_most("its memory grew by, MiB", (most - resident) >> 20, growth)
    judge_files(verdict, scene, files)
    return said


def judge_served(verdict: Verdict, quiet: Served, served: Served) -> None:
    verdict.at_least("calls of the honest client", served.calls, _FEWEST_CALLS)
    verdict.equal("of these failed", _counted(served.failures), 0)
    before, beside = quantile(quiet.latencies, 0.99), quantile(served.latencies, 0.99)
    verdict.tell("its p99 before", milliseconds(before))
    verdict.within("its p99 beside the abuse", beside, max(_MOST_RATIO * before, _SLACK))


def judge_files(verdict: Verdict, scene: Scene, before: int) -> None:
    with contextlib.suppress(RuntimeError):
        await_that("the connections are closed", lambda: scene.open_files() <= before + 5, patience=30)
    verdict.at_most("files open afterwards, more than before", scene.open_files() - before, 5)


def _counted(failures: list[str]) -> object:
    return f"{len(failures)}, as {failures[0]}" if failures else 0

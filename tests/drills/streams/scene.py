"""Three replicas with one Redis, and the log of the model calls."""

import contextlib
import pathlib
import tempfile
import threading
from collections.abc import Iterator

from ..support.stage import Stage, resident_bytes, running_stage
from .questions import CallLog


class Scene:
    def __init__(self, stage: Stage, calls: CallLog):
        self.stage = stage
        self.addresses = stage.addresses
        self.calls = calls

    def leases_given(self) -> int:
        return sum(status.granted_count for status in self.stage.leases())

    def kill_replica(self, replica: int) -> None:
        self.stage.replicas[replica].process.kill()
        self.stage.replicas[replica].process.wait()

    def living_addresses(self) -> list[str]:
        return [replica.address for replica in self.stage.replicas if replica.process.poll() is None]


# For rows that are not about Redis: on a busy machine it may be slow, and that is not to look like a fault.
PATIENT = ("--redis-timeout", "1s")


@contextlib.contextmanager
def running_scene(*flags: str) -> Iterator[Scene]:
    with running_stage(*flags) as stage, tempfile.TemporaryDirectory() as folder:
        yield Scene(stage, CallLog(str(pathlib.Path(folder) / "calls")))


class MemoryWatch:
    """The most that each replica grew while this was open."""

    def __init__(self, scene: Scene):
        self._pids = [replica.process.pid for replica in scene.stage.replicas]
        self._before = [resident_bytes(pid) for pid in self._pids]
        self._most = list(self._before)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            self._most = [max(most, resident_bytes(pid)) for most, pid in zip(self._most, self._pids, strict=True)]

    def growth(self) -> list[int]:
        return [most - before for most, before in zip(self._most, self._before, strict=True)]

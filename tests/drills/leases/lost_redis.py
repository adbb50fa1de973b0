"""Redis is killed and comes back empty, or does not answer for a while, in the midst of it all: at most one call for each
replica, and everybody has an answer soon."""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator

from ..support.stage import REPLICAS, Stage
from ..support.verdict import Verdict
from .scene import Scene
from .single_call import KEYS_AT_ONCE, Sums, judge, waves

_INTO_THE_CALLS = 0.15  # Seconds after a wave's beginning, while the model calls go on.
_STUCK = 5.0  # Seconds. One whole outage, and a model call behind it, would be shorter.


@dataclasses.dataclass(frozen=True)
class _Fault:
    name: str
    seconds: float
    begin: Callable[[Stage], None]
    end: Callable[[Stage], None]


_FAULTS = (
    _Fault("killed", 1.5, lambda stage: stage.redis.kill(), lambda stage: stage.redis.start()),
    _Fault("frozen", 3.0, lambda stage: stage.freeze_redis(), lambda stage: stage.resume_redis()),
    _Fault("restarted", 0.0, lambda stage: stage.redis.kill(), lambda stage: stage.redis.start()),
)


def run(verdict: Verdict, scene: Scene) -> None:
    waiters, rounds = (100, 1) if scene.short else (200, 5)
    verdict.row(f"Redis killed for {_FAULTS[0].seconds:g} s and back empty, frozen for {_FAULTS[1].seconds:g} s, "
                f"restarted empty at once, {rounds} times each; {waiters} who ask for each key")
    sums, during = Sums(), 0
    alone = scene.stage.granted_alone()
    for fault in _FAULTS * rounds:
        with _faulty(scene.stage, fault) as is_over:
            # During the fault, at its end, and once after.
            more = True
            while more:
                more = not is_over()
                [wave] = waves(scene, KEYS_AT_ONCE, waiters)
                sums.results.append(scene.crowd.run(wave))
                during += more
        scene.stage.await_shared()
    sums.calls = scene.model.calls()
    calls_of_key = sums.calls_of_key()
    judge(verdict, sums, len(calls_of_key) * waiters)
    verdict.at_least("waves that began during a fault", during, len(_FAULTS) * rounds)
    verdict.at_least("leases that a replica gave alone", scene.stage.granted_alone() - alone, rounds)
    verdict.tell("keys, and model calls for them", f"{len(calls_of_key)}, {len(sums.calls)}")
    verdict.at_most("most calls of one key", max(calls_of_key.values()), REPLICAS)
    verdict.within("until everybody of a wave had an answer, most",
                   max(result.ended - result.began for result in sums.results), _STUCK)


@contextlib.contextmanager
def _faulty(stage: Stage, fault: _Fault) -> Iterator[Callable[[], bool]]:
    """The fault happens meanwhile; gives whether it is over."""
    over = threading.Event()

    def happen() -> None:
        time.sleep(_INTO_THE_CALLS)
        fault.begin(stage)
        time.sleep(fault.seconds)
        fault.end(stage)
        over.set()

    thread = threading.Thread(target=happen)
    thread.start()
    yield over.is_set
    thread.join()

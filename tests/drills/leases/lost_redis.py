"""Redis is killed and comes back empty, or does not answer for a while, in the midst of it all: at most one call for
each replica, one more for those who ask when it has come back without what it knew, and everybody has an answer soon.
"""

import collections
import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator

from ..support.stage import REPLICAS, Stage
from ..support.verdict import Verdict
from .scene import Scene
from .single_call import KEYS_AT_ONCE, Sums, judge, waves

_BACK = "Redis begins to come back"
_STAYS_AWAY = 1.5  # Seconds that a replica may need to find it.
_INTO_THE_CALLS = 0.15  # Seconds after a wave's beginning, while the model calls go on.
_STUCK = 5.0  # Seconds. One whole outage, and a model call behind it, would be shorter.

# Each replica alone. What began before Redis came back empty must not answer who asks after that: another call.
_MOST_CALLS = REPLICAS
_MOST_CALLS_ACROSS = REPLICAS + 1
_ON_ITS_WAY = 0.1  # Seconds. Who asked longer ago has reached its replica.


@dataclasses.dataclass(frozen=True)
class _Fault:
    name: str
    seconds: float
    begin: Callable[[Stage], None]
    end: Callable[[Stage], None]


_FAULTS = (
    _Fault("killed for 1.5 s, back empty", 1.5, lambda stage: stage.redis.kill(), lambda stage: stage.redis.start()),
    _Fault("frozen for 3 s", 3.0, lambda stage: stage.freeze_redis(), lambda stage: stage.resume_redis()),
    _Fault("restarted empty at once", 0.0, lambda stage: stage.redis.kill(), lambda stage: stage.redis.start()),
)


def run(verdict: Verdict, scene: Scene) -> None:
    waiters, rounds = (100, 1) if scene.short else (200, 5)
    verdict.row(f"Redis is lost in the midst of it, {rounds} times in each way; {waiters} who ask for each key")
    alone = scene.stage.granted_alone()
    everything = Sums()
    for fault in _FAULTS:
        sums, moments, during = Sums(), [], 0
        for _ in range(rounds):
            during += _run_fault(scene, fault, waiters, sums, moments)
        sums.calls = scene.model.calls()
        _judge_fault(verdict, fault, rounds, sums, moments, during)
        everything.results += sums.results
        everything.calls += sums.calls
    judge(verdict, everything, len(everything.calls_of_key()) * waiters)
    verdict.at_least("leases that a replica gave alone", scene.stage.granted_alone() - alone, rounds)
    verdict.within("until everybody of a wave had an answer, most",
                   max(result.ended - result.began for result in everything.results), _STUCK)


def _run_fault(
    scene: Scene, fault: _Fault, waiters: int, sums: Sums, moments: list[tuple[str, float]]
) -> int:
    """Waves during the fault, at its end, and one after; how many began during it."""
    during = 0
    with _faulty(scene.stage, fault, moments) as is_over:
        more = True
        while more:
            more = not is_over()
            [wave] = waves(scene, KEYS_AT_ONCE, waiters)
            sums.results.append(scene.crowd.run(wave))
            during += more
    scene.stage.await_shared()
    return during


def _judge_fault(
    verdict: Verdict, fault: _Fault, rounds: int, sums: Sums, moments: list[tuple[str, float]], during: int
) -> None:
    counts = sums.calls_of_key()
    verdict.at_least(f"{fault.name}: waves that began before it was over", during, rounds)
    verdict.tell("keys; model calls for them", f"{len(counts)}; {len(sums.calls)}")
    verdict.tell("keys by their number of calls", sorted(collections.Counter(counts.values()).items()))
    before, across = _by_when_they_asked(sums, moments)
    most_before, most_across = (max((counts[key] for key in keys), default=0) for keys in (before, across))
    verdict.at_most("most calls of one key that all asked for before it was back", most_before, _MOST_CALLS)
    verdict.at_most("of one that somebody asked for after that", most_across, _MOST_CALLS_ACROSS)
    verdict.tell(f"keys with more than {_MOST_CALLS} calls", sum(count > _MOST_CALLS for count in counts.values()))
    over = [key for key in before if counts[key] > _MOST_CALLS] + [
        key for key in across if counts[key] > _MOST_CALLS_ACROSS]
    for name in over[:2]:
        print(f"    {name}: {_story(sums, moments, name)}", flush=True)


def _by_when_they_asked(sums: Sums, moments: list[tuple[str, float]]) -> tuple[list[str], list[str]]:
    """Keys of waves that did not meet the end of an outage, or had all asked by then, and of the others."""
    before, across = [], []
    for result in sums.results:
        met = any(what == _BACK and result.began - _STAYS_AWAY < at < result.ended
                  and at < result.last_asked + _ON_ITS_WAY for what, at in moments)
        (across if met else before).extend(result.names)
    return before, across


def _story(sums: Sums, moments: list[tuple[str, float]], name: str) -> str:
    """The calls of one key, and what happened to Redis about then."""
    calls = [(f"call by {call.caller.partition('/')[0]}", call.at) for call in sums.calls if call.key == name]
    first, last = calls[0][1], calls[-1][1]
    near = [moment for moment in moments if first - 5 < moment[1] < last + 1]
    return ", ".join(f"{what} at {at - first:+.3f} s" for what, at in sorted(calls + near, key=lambda one: one[1]))


@contextlib.contextmanager
def _faulty(stage: Stage, fault: _Fault, moments: list[tuple[str, float]]) -> Iterator[Callable[[], bool]]:
    """The fault happens meanwhile, and what happened is noted; gives whether it is over."""
    over = threading.Event()

    def happen() -> None:
        time.sleep(_INTO_THE_CALLS)
        moments.append(("Redis gone", time.monotonic()))
        fault.begin(stage)
        time.sleep(fault.seconds)
        moments.append((_BACK, time.monotonic()))
        fault.end(stage)
        over.set()

    thread = threading.Thread(target=happen)
    thread.start()
    yield over.is_set
    thread.join()

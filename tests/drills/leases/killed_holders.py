"""Holders are killed in the midst of their model calls: when the lease has ended, one of those who wait calls it."""

import dataclasses

from ..support.fake_model import SECONDS, Call
from ..support.stage import REPLICAS, await_that
from ..support.verdict import Verdict, spread
from ..support.worker import Worker
from . import holder
from .lease_end import lease_end
from .load import Wave
from .questions import name_of
from .scene import Scene
from .single_call import Sums, judge, waves

_KEYS_AT_ONCE = 3  # Of one holder.


@dataclasses.dataclass
class Deaths:
    """What was measured of them, in seconds. Of each key: its lease's end, then the next model call's coming. Of each
    wave: the end of its last lease, then the last answer to the last of those who waited."""

    until_called: list[float] = dataclasses.field(default_factory=list)
    until_done: list[float] = dataclasses.field(default_factory=list)
    keys: int = 0


def run(verdict: Verdict, scene: Scene) -> None:
    keys, killed, waiters = (40, 12, 100) if scene.short else (1000, 300, 200)
    verdict.row(f"{keys} keys x {waiters}, of {killed} the holder is killed; leases of {scene.hold:g} s")
    sums, deaths = Sums(), Deaths()
    for wave in waves(scene, keys - killed, waiters):
        sums.results.append(scene.crowd.run(wave))
    sums.calls = scene.model.calls()
    undisturbed = _until_done(sums)
    _kill_all(scene, killed, waiters, sums, deaths)
    judge(verdict, sums, keys * waiters)
    verdict.equal("keys whose holder was killed while all others waited", deaths.keys, killed)
    verdict.at_most("model calls", len(sums.calls), keys + killed)
    verdict.at_most("most calls of one key", max(sums.calls_of_key().values()), 2)
    verdict.tell("from a lease's end to the next model call, p50 / p99 / most", spread(deaths.until_called))
    verdict.within("the same, most", max(deaths.until_called), 0.1)
    verdict.tell(f"from the last lease's end to the last answer, less the call's {SECONDS:g} s",
                 spread(deaths.until_done))
    verdict.within("the same, most", max(deaths.until_done), 0.1)
    verdict.tell("for comparison, where nobody dies, behind the last call", spread(undisturbed))


def _until_done(sums: Sums) -> list[float]:
    """From a wave's last call, its time apart, to its last answer: what the machine and those who ask take."""
    called = {call.key: call.at for call in sums.calls}
    lasts = [max(called[name] for name in result.names) for result in sums.results]
    return [result.ended - last - SECONDS for result, last in zip(sums.results, lasts, strict=True)]


def _kill_all(scene: Scene, killed: int, waiters: int, sums: Sums, deaths: Deaths) -> None:
    first = scene.new_keys(killed)
    upcoming = _next_holder(scene, first)
    for number in range(first, first + killed, _KEYS_AT_ONCE):
        victim, upcoming = upcoming, _next_holder(scene, number)  # Made while the others ask: it takes a second.
        with victim:
            wave = Wave(number, min(_KEYS_AT_ONCE, first + killed - number), waiters)
            _kill_one(scene, victim, wave, sums, deaths)
    upcoming.kill()


def _next_holder(scene: Scene, turn: int) -> Worker:
    return Worker(holder.calling, scene.stage.addresses[turn % REPLICAS], scene.model.url)


def _kill_one(scene: Scene, victim: Worker, wave: Wave, sums: Sums, deaths: Deaths) -> None:
    names = [name_of(wave.first + number) for number in range(wave.keys)]
    victim.receive()
    victim.send(holder.Hold(names))
    calls: list[Call] = []
    await_that("the holder calls the model", lambda: calls.extend(scene.model.calls()) or len(calls) == wave.keys)
    crowd = scene.crowd.begin(wave)
    await_that("all others wait", lambda: scene.stage.waiting() == wave.keys * wave.waiters)
    victim.kill()
    ends = {name: end for name in names if (end := lease_end(scene.stage, name)) is not None}
    result = crowd.join()
    again = scene.model.calls()
    deaths.keys += len(ends)
    deaths.until_called += [call.at - ends[call.key] for call in again if call.key in ends]
    deaths.until_done.append(result.ended - max(ends.values()) - SECONDS)
    sums.results.append(result)
    sums.calls += calls + again

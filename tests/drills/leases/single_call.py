"""Many who ask the same, in Python and Go, at three replicas: the model is called once."""

import collections
import dataclasses
from collections.abc import Iterable

from ..support.fake_model import Call
from ..support.verdict import Verdict, spread
from .crowd import WaveResult
from .load import Wave
from .scene import Scene

KEYS_AT_ONCE = 5


@dataclasses.dataclass
class Sums:
    """Over waves."""

    results: list[WaveResult] = dataclasses.field(default_factory=list)
    calls: list[Call] = dataclasses.field(default_factory=list)

    def sum(self, figure: str) -> int:
        return sum(result.sum(figure) for result in self.results)

    def calls_of_key(self) -> collections.Counter[str]:
        return collections.Counter(call.key for call in self.calls)

    def calls_by(self, language: str) -> int:
        return sum(call.caller.lower().startswith(language) for call in self.calls)


def run(verdict: Verdict, scene: Scene) -> None:
    keys, waiters = (40, 100) if scene.short else (1000, 200)
    verdict.row(f"{keys} keys x {waiters} who ask, Python and Go, {KEYS_AT_ONCE} keys at once")
    coalesced = scene.stage.coalesced()
    sums = Sums()
    for wave in waves(scene, keys, waiters):
        sums.results.append(scene.crowd.run(wave))
    sums.calls = scene.model.calls()
    judge(verdict, sums, keys * waiters)
    verdict.equal("model calls", len(sums.calls), keys)
    verdict.equal("keys with answers that differ", sum(len(result.distinct) for result in sums.results), 0)
    verdict.at_least("who really waited, as the replicas count", scene.stage.coalesced() - coalesced,
                     keys * waiters // 2)
    verdict.tell("leases given without Redis", scene.stage.granted_alone())
    verdict.at_least("model calls by Go", sums.calls_by("go"), keys // 20)
    verdict.at_least("model calls by Python", sums.calls_by("python"), keys // 20)


def waves(scene: Scene, keys: int, waiters: int) -> Iterable[Wave]:
    first = scene.new_keys(keys)
    for number in range(first, first + keys, KEYS_AT_ONCE):
        yield Wave(number, min(KEYS_AT_ONCE, first + keys - number), waiters)


def judge(verdict: Verdict, sums: Sums, asked: int) -> None:
    """What every row wants of those who ask."""
    verdict.equal("answers", sums.sum("answers"), asked)
    verdict.equal("wrong answers", sums.sum("wrong"), 0)
    verdict.equal("who asked and got an error", sums.sum("errors"), 0)
    for told in [told for result in sums.results for tally in result.tallies for told in tally.told][:3]:
        verdict.tell("an error", told)
    verdict.tell("a wave's slowest answer, p50 / p99 / most", spread([result.slowest for result in sums.results]))

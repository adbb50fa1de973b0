"""50 readers that read one message a second, beside 100 fast ones: nobody is slower for them, no replica keeps more."""

import dataclasses
import hashlib
import random

from ..support.stage import REPLICAS
from ..support.verdict import Verdict, quantile, spread
from .answers import Shape
from .crowd import Crowd, begin_recording, places_at_random
from .go_readers import GoCrowd, GoReport
from .questions import Question
from .scene import PATIENT, MemoryWatch, Scene, running_scene

_FAST, _SLOW = 100, 50
_JOINING = 0.5  # Seconds in which they arrive.
_MOST_RATIO = 1.5
_MOST_RATIO_SHORT = 2.5  # Three times the excess, as every bound on time.
# What would be kept for each slow reader, if it were, is some 2 MiB.
_MOST_GROWTH = 64  # MiB.


def run(verdict: Verdict, _: Crowd, short: bool) -> None:
    pairs, seconds = (2, 2) if short else (3, 8)
    shape = Shape(chunks=seconds * 20, chunk_bytes=16 << 10)
    verdict.row(f"{_SLOW} slow readers beside {_FAST} fast ones, of streams of {seconds} s, {pairs} x without and with")
    with running_scene(*PATIENT) as scene:
        # What the first use of everything costs is not to be counted.
        _listen(scene, Question("warm-up", Shape(chunks=20, chunk_bytes=16 << 10)), slow=False)
        without, beside = [], []
        for number in range(pairs):
            without.append(_listen(scene, Question(f"without-{number}", shape), slow=False))
            beside.append(_listen(scene, Question(f"beside-{number}", shape), slow=True))
    _judge_answers(verdict, without, beside)
    _judge_times(verdict, without, beside, short)


@dataclasses.dataclass
class _Heard:
    fast: GoReport
    slow: GoReport | None
    sha256: str
    growth: float  # Of the replica that grew most, in MiB.


def _listen(scene: Scene, question: Question, slow: bool) -> _Heard:
    """The slow ones all read where it is recorded; they hurry when it has ended."""
    recorder = begin_recording(scene, question)
    digest = question.entry.digest.hex()
    chance = random.Random(2)
    with MemoryWatch(scene) as memory:
        fast_ones = places_at_random(_FAST, range(REPLICAS), 0, _JOINING, chance)
        fast = GoCrowd(scene.addresses, fast_ones, digest=digest)
        dawdlers = None
        if slow:
            slow_ones = places_at_random(_SLOW, [0], 0, _JOINING, chance)
            until = fast.begin + question.shape.seconds
            dawdlers = GoCrowd(scene.addresses, slow_ones, processes=1, digest=digest, pause=1, paused_until=until)
        heard_fast = fast.join()
        heard_slow = dawdlers.join() if dawdlers else None
    payload = recorder.result().payload
    recorder.kill()
    return _Heard(heard_fast, heard_slow, hashlib.sha256(payload).hexdigest(), max(memory.growth()) / (1 << 20))


def _judge_answers(verdict: Verdict, without: list[_Heard], beside: list[_Heard]) -> None:
    readers = [(each, reader) for each in without + beside for reader in each.fast.readers]
    slow = [(each, reader) for each in beside for reader in each.slow.readers]
    verdict.at_least("fast readers that read while it came", sum(r.live for _, r in readers), len(readers))
    verdict.at_least("slow readers that read while it came", sum(r.live for _, r in slow), len(slow))
    verdict.equal("fast readers with its bytes", sum(r.sha256 == each.sha256 for each, r in readers), len(readers))
    verdict.equal("slow readers with its bytes", sum(r.sha256 == each.sha256 for each, r in slow), len(slow))


def _judge_times(verdict: Verdict, without: list[_Heard], beside: list[_Heard], short: bool) -> None:
    lags_without = [lag for each in without for lag in each.fast.lags]
    lags_beside = [lag for each in beside for lag in each.fast.lags]
    verdict.tell("slow ones' lag, p50 / p99 / most", spread([lag for each in beside for lag in each.slow.lags]))
    verdict.tell("fast ones' lag without them, p50 / p99 / most", spread(lags_without))
    verdict.tell("fast ones' lag beside them, p50 / p99 / most", spread(lags_beside))
    # Of the short form's few seconds, the rarer ones tell of the machine.
    most = _MOST_RATIO_SHORT if short else _MOST_RATIO
    for name, share in (("p50", 0.5),) if short else (("p50", 0.5), ("p90", 0.9)):
        ratio = quantile(lags_beside, share) / max(1e-9, quantile(lags_without, share))
        verdict.at_most(f"beside them / without them, {name}", round(ratio, 2), most)
    verdict.tell("readers' own lateness (1 ms timer), p50 / p99 / most",
                 spread([late for each in without + beside for late in each.fast.lateness]))
    verdict.tell("growth of the replica that grew most without them, MiB", f"{max(h.growth for h in without):.1f}")
    verdict.at_most("growth of the replica that grew most beside them, MiB",
                    round(max(heard.growth for heard in beside), 1), _MOST_GROWTH)

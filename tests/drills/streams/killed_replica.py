"""The replica that records is killed in the middle: followers elsewhere are told, and go on."""

import random

from ..support.stage import REPLICAS
from ..support.verdict import Verdict, spread
from . import clocks
from .answers import Shape
from .crowd import Crowd, arrivals_at_random, begin_recording
from .outcomes import Tally
from .questions import Question
from .scene import PATIENT, running_scene

_HOLD = 2.0  # Seconds.
_SHAPE = Shape(chunks=60)
_FOLLOWERS = 45


def run(verdict: Verdict, crowd: Crowd, short: bool) -> None:
    times = 1 if short else 6
    verdict.row(f"the replica that records is killed in the middle, {times} times, with {_FOLLOWERS} followers")
    told: list[float] = []
    tally = Tally()
    in_the_middle = 0
    for number in range(times):
        in_the_middle += _kill_one(crowd, Question(f"replica-{number}", _SHAPE), told, tally)
    verdict.at_least("killed in the middle", in_the_middle, times)
    verdict.at_least("followers elsewhere that were told", len(told), times * _FOLLOWERS // 2)
    verdict.tell("told elsewhere after the death, p50 / p99 / most", spread(told))
    verdict.within("told elsewhere after the death, most", max(told, default=0), _HOLD + 1)
    verdict.at_most("most calls for one question", tally.most_calls, 2)
    tally.judge(verdict)


def _kill_one(crowd: Crowd, question: Question, told: list[float], tally: Tally) -> bool:
    """Whether it was killed in the middle."""
    with running_scene(*PATIENT, "--lease-hold", f"{_HOLD:g}s") as scene:
        recorder = begin_recording(scene, question)
        crowd.begin(scene, arrivals_at_random(question, _FOLLOWERS, range(REPLICAS), 0, 0.6, random.Random(5)))
        recorder.await_word("middle")
        in_the_middle = not recorder.is_done()
        scene.kill_replica(0)
        died = clocks.now()
        outcomes = crowd.join()
        recorder.kill()
        told += [outcome.broke_off[0][0] - died for outcome in outcomes if outcome.replica != 0 and outcome.broke_off]
        tally.add(scene, outcomes)
        return in_the_middle

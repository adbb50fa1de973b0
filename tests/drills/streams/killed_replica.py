"""The replica that records is killed in the middle: followers elsewhere are told, and go on."""

import random

from . import clocks
from .answers import Shape
from .crowd import Crowd, Making, arrivals_at_random
from .outcomes import Tally
from .questions import Question
from .stage import REPLICAS, running_stage
from .verdict import Verdict, spread
from .worker import Worker, pause

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
    with running_stage("--lease-hold", f"{_HOLD:g}s") as stage:
        recorder = Worker()
        recorder.begin(Making(stage.addresses[0], stage.calls, question))
        recorder.await_word("recording")
        crowd.begin(stage, arrivals_at_random(question, _FOLLOWERS, range(REPLICAS), 0, 0.6, random.Random(5)))
        pause(1.2)
        in_the_middle = not recorder.is_done()
        stage.kill_replica(0)
        died = clocks.now()
        outcomes = crowd.join().outcomes
        recorder.kill()
        told += [outcome.broke_off[0][0] - died for outcome in outcomes if outcome.replica != 0 and outcome.broke_off]
        tally.add(stage, outcomes)
        return in_the_middle

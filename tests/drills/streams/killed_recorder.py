"""The recorder is killed in the middle: its followers go on, and one of them makes the answer."""

import random

from .answers import Shape
from .crowd import Arrival, Crowd, Making, arrivals_at_random
from .outcomes import Tally
from .questions import Question
from .stage import REPLICAS, Stage, running_stage
from .verdict import Verdict
from .worker import Worker, pause

_SHAPE = Shape(chunks=40)
_FOLLOWERS = 20
_AT_ONCE = 3  # Questions.


def run(verdict: Verdict, crowd: Crowd, short: bool) -> None:
    deaths = 3 if short else 30
    verdict.row(f"the recorder is killed in the middle, {deaths} times, with {_FOLLOWERS} followers each")
    chance = random.Random(3)
    questions = [Question(f"killed-{number}", _SHAPE) for number in range(deaths)]
    with running_stage() as stage:
        outcomes = []
        in_the_middle = 0
        for first in range(0, deaths, _AT_ONCE):
            batch = questions[first : first + _AT_ONCE]
            in_the_middle += _kill_recorders(stage, crowd, batch, chance)
            outcomes += crowd.join().outcomes
        tally = Tally()
        tally.add(stage, outcomes)
        broken = sum(bool(outcome.broke_off) for outcome in outcomes)
        verdict.at_least("recorders killed in the middle", in_the_middle, deaths)
        verdict.at_least("followers that saw it break off", broken, deaths * _FOLLOWERS // 4)
        verdict.at_most("most calls for one question", tally.most_calls, 2)
        tally.judge(verdict)


def _kill_recorders(stage: Stage, crowd: Crowd, questions: list[Question], chance: random.Random) -> int:
    """How many were killed in the middle."""
    recorders = [Worker() for _ in questions]
    for number, question in enumerate(questions):
        recorders[number].begin(Making(stage.addresses[number % REPLICAS], stage.calls, question))
    for recorder in recorders:
        recorder.await_word("recording")
    crowd.begin(stage, _arrivals(questions, chance))
    pause(chance.uniform(0.6, 1.2))
    in_the_middle = 0
    for recorder in recorders:
        in_the_middle += not recorder.is_done()
        recorder.kill()
    return in_the_middle


def _arrivals(questions: list[Question], chance: random.Random) -> list[Arrival]:
    """Most before the death, some after it."""
    arrivals = []
    for question in questions:
        arrivals += arrivals_at_random(question, _FOLLOWERS, range(REPLICAS), 0, 1.0, chance)
    return arrivals

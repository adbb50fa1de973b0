"""The recorder is killed in the middle: its followers go on, and one of them makes the answer."""

import random

from ..support.stage import REPLICAS
from ..support.verdict import Verdict
from .answers import Shape
from .crowd import Arrival, Crowd, arrivals_at_random, begin_recording
from .outcomes import Tally
from .questions import Question
from .scene import PATIENT, Scene, running_scene

_SHAPE = Shape(chunks=40)
_FOLLOWERS = 20
_AT_ONCE = 3  # Questions.


def run(verdict: Verdict, crowd: Crowd, short: bool) -> None:
    deaths = 3 if short else 30
    verdict.row(f"the recorder is killed in the middle, {deaths} times, with {_FOLLOWERS} followers each")
    chance = random.Random(3)
    questions = [Question(f"killed-{number}", _SHAPE) for number in range(deaths)]
    with running_scene(*PATIENT) as scene:
        outcomes = []
        in_the_middle = 0
        for first in range(0, deaths, _AT_ONCE):
            batch = questions[first : first + _AT_ONCE]
            in_the_middle += _kill_recorders(scene, crowd, batch, chance)
            outcomes += crowd.join()
        tally = Tally()
        tally.add(scene, outcomes)
        broken = sum(bool(outcome.broke_off) for outcome in outcomes)
        verdict.at_least("recorders killed in the middle", in_the_middle, deaths)
        verdict.at_least("followers that saw it break off", broken, deaths * _FOLLOWERS // 4)
        verdict.at_most("most calls for one question", tally.most_calls, 2)
        tally.judge(verdict)


def _kill_recorders(scene: Scene, crowd: Crowd, questions: list[Question], chance: random.Random) -> int:
    """How many were killed in the middle."""
    recorders = [begin_recording(scene, question, number % REPLICAS) for number, question in enumerate(questions)]
    crowd.begin(scene, _arrivals(questions, chance))
    in_the_middle = 0
    for recorder in recorders:
        recorder.await_word("middle")
        in_the_middle += not recorder.is_done()
        recorder.kill()
    return in_the_middle


def _arrivals(questions: list[Question], chance: random.Random) -> list[Arrival]:
    """Most before the death, some after it."""
    arrivals = []
    for question in questions:
        arrivals += arrivals_at_random(question, _FOLLOWERS, range(REPLICAS), 0, 1.0, chance)
    return arrivals

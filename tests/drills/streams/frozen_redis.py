"""Redis is frozen in the middle of a stream: where it is recorded, nobody notices."""

import random

from ..support.stage import REPLICAS
from ..support.verdict import Verdict, milliseconds
from .answers import Shape
from .crowd import Crowd, arrivals_at_random, begin_recording
from .outcomes import Tally, ask_everywhere
from .questions import Question
from .scene import running_scene
from .worker import pause

_FREEZE = 3.0  # Seconds.
_SHAPE = Shape(chunks=130)
_EARLY, _LATE = 60, 20  # Followers: before the freeze everywhere; during it where it is recorded.


def run(verdict: Verdict, crowd: Crowd, short: bool) -> None:
    times = 1 if short else 5
    verdict.row(f"Redis is frozen for {_FREEZE:g} s in the middle of a stream, {times} times")
    tally = Tally()
    rounds = [_Round(crowd, Question(f"redis-{number}", _SHAPE), tally) for number in range(times)]
    here = [outcome for each in rounds for outcome in each.outcomes if outcome.replica == 0]
    elsewhere = [outcome for each in rounds for outcome in each.outcomes if outcome.replica != 0]
    verdict.at_least("frozen in the middle", sum(each.in_the_middle for each in rounds), times)
    verdict.equal("recordings that ended as they should", sum(each.recorded == "OK" for each in rounds), times)
    followed = sum(outcome.live for outcome in here)
    verdict.at_least("followers where it is recorded", followed, times * (_EARLY // REPLICAS + _LATE - 2))
    verdict.equal("of them, told that it broke off", sum(bool(outcome.broke_off) for outcome in here), 0)
    verdict.within("of them, longest gap between chunks", max(outcome.longest_gap for outcome in here), 1.0)
    verdict.tell("elsewhere, longest gap between chunks",
                 milliseconds(max(outcome.longest_gap for outcome in elsewhere)))
    # Without Redis each replica gives leases alone.
    verdict.at_most("most calls for one question", tally.most_calls, REPLICAS)
    tally.judge(verdict)
    verdict.equal("stored answers that are not whole", sum(each.stored_wrong for each in rounds), 0)


class _Round:
    def __init__(self, crowd: Crowd, question: Question, tally: Tally):
        chance = random.Random(6)
        with running_scene() as scene:
            recorder = begin_recording(scene, question)
            early = arrivals_at_random(question, _EARLY, range(REPLICAS), 0, 0.6, chance)
            late = arrivals_at_random(question, _LATE, [0], 2.2, 4.5, chance)
            crowd.begin(scene, early + late)
            recorder.await_word("middle")
            scene.stage.freeze_redis()
            pause(_FREEZE)
            self.in_the_middle = not recorder.is_done()
            scene.stage.resume_redis()
            self.outcomes = crowd.join()
            self.recorded = recorder.result().record
            recorder.kill()
            tally.add(scene, self.outcomes)
            stored = set(ask_everywhere(scene, question)) - {"nothing"}
            self.stored_wrong = len(stored - set(scene.calls.of(question)))

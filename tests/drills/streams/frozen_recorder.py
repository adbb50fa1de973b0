"""The recorder is frozen beyond its lease, and continued: what it says then is refused."""

import random

from ..support.stage import REPLICAS
from ..support.verdict import Verdict, spread
from . import clocks
from .answers import Shape
from .crowd import Crowd, arrivals_at_random, begin_recording
from .outcomes import Tally, ask_everywhere
from .questions import Question
from .scene import PATIENT, Scene, running_scene

_HOLD = 1.0  # Seconds.
_SHAPE = Shape(chunks=40)
_FOLLOWERS = 12


def run(verdict: Verdict, crowd: Crowd, short: bool) -> None:
    times = 1 if short else 5
    verdict.row(f"the recorder is frozen beyond its lease of {_HOLD:g} s and continued, 2 x {times} times")
    with running_scene(*PATIENT, "--lease-hold", f"{_HOLD:g}s") as scene:
        for taken_over in (True, False):
            rounds = [_Round(scene, crowd, Question(f"frozen-{taken_over}-{number}", _SHAPE), taken_over)
                      for number in range(times)]
            _judge(verdict, scene, rounds, taken_over)


class _Round:
    """One recorder that is frozen; its followers make the answer themselves (`taken_over`), or leave."""

    def __init__(self, scene: Scene, crowd: Crowd, question: Question, taken_over: bool):
        recorder = begin_recording(scene, question)
        arrivals = arrivals_at_random(question, _FOLLOWERS, range(REPLICAS), 0, 0.3, random.Random(4))
        crowd.begin(scene, arrivals, gives_up=not taken_over)
        recorder.await_word("middle")
        self.in_the_middle = not recorder.is_done()
        recorder.freeze()
        self.frozen = clocks.now()
        # Nobody asks any more, so the lease is over when they know.
        self.outcomes = crowd.join()
        recorder.resume()
        self.recorded = recorder.result()
        recorder.kill()
        calls = scene.calls.of(question)
        # The first call is the frozen one's.
        self.expected = calls[1] if taken_over and len(calls) == 2 else "nothing"
        self.stored = ask_everywhere(scene, question)


def _judge(verdict: Verdict, scene: Scene, rounds: list[_Round], taken_over: bool) -> None:
    who = "taken over" if taken_over else "not taken over"
    outcomes = [outcome for each in rounds for outcome in each.outcomes]
    # The first time: some are told again when they ask before the lease is known to have ended everywhere.
    told = [outcome.broke_off[0][0] - each.frozen for each in rounds for outcome in each.outcomes if outcome.broke_off]
    verdict.equal(f"{who}: frozen in the middle", sum(each.in_the_middle for each in rounds), len(rounds))
    verdict.equal(f"{who}: followers told", len(told), len(outcomes))
    verdict.tell(f"{who}: told after the freeze, p50 / p99 / most", spread(told))
    verdict.within(f"{who}: told after the freeze, most", max(told, default=0), _HOLD + 1)
    refused = sum(each.recorded.record in ("FAILED_PRECONDITION", "REFUSED") for each in rounds)
    verdict.equal(f"{who}: the rest of its recording refused", refused, len(rounds))
    late_sets_refused = sum(each.recorded.late_set == "FAILED_PRECONDITION" for each in rounds)
    verdict.equal(f"{who}: its late Set refused", late_sets_refused, len(rounds))
    kept = sum(each.stored == [each.expected] * REPLICAS for each in rounds)
    verdict.equal(f"{who}: stored is the other call's answer" if taken_over else f"{who}: stored is nothing",
                  kept, len(rounds))
    if taken_over:
        tally = Tally()
        tally.add(scene, outcomes)
        tally.judge(verdict)

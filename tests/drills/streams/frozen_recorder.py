"""The recorder is frozen beyond its lease, and continued: what it says then is refused."""

import random

from . import clocks
from .answers import Shape
from .crowd import Crowd, Making, arrivals_at_random
from .outcomes import Tally, ask_everywhere
from .questions import Question
from .stage import REPLICAS, Stage, running_stage
from .verdict import Verdict, spread
from .worker import Worker, pause

_HOLD = 1.0  # Seconds.
_SHAPE = Shape(chunks=40)
_FOLLOWERS = 12


def run(verdict: Verdict, crowd: Crowd, short: bool) -> None:
    times = 1 if short else 5
    verdict.row(f"the recorder is frozen beyond its lease of {_HOLD:g} s and continued, 2 x {times} times")
    with running_stage("--lease-hold", f"{_HOLD:g}s") as stage:
        for taken_over in (True, False):
            rounds = [_Round(stage, crowd, Question(f"frozen-{taken_over}-{number}", _SHAPE), taken_over)
                      for number in range(times)]
            _judge(verdict, stage, rounds, taken_over)


class _Round:
    """One recorder that is frozen; its followers make the answer themselves (`taken_over`), or leave."""

    def __init__(self, stage: Stage, crowd: Crowd, question: Question, taken_over: bool):
        recorder = Worker()
        recorder.begin(Making(stage.addresses[0], stage.calls, question))
        recorder.await_word("recording")
        arrivals = arrivals_at_random(question, _FOLLOWERS, range(REPLICAS), 0, 0.3, random.Random(4))
        crowd.begin(stage, arrivals, gives_up=not taken_over)
        pause(0.9)
        self.in_the_middle = not recorder.is_done()
        recorder.freeze()
        self.frozen = clocks.now()
        # Nobody asks any more, so the lease is over when they know.
        self.outcomes = crowd.join().outcomes
        recorder.resume()
        self.recorded = recorder.result()
        recorder.kill()
        calls = stage.calls.of(question)
        # The first call is the frozen one's.
        self.expected = calls[1] if taken_over and len(calls) == 2 else "nothing"
        self.stored = ask_everywhere(stage, question)


def _judge(verdict: Verdict, stage: Stage, rounds: list[_Round], taken_over: bool) -> None:
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
        tally.add(stage, outcomes)
        tally.judge(verdict)

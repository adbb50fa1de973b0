"""What every row wants of those who ask: an answer, whole, of one call."""

import asyncio
from collections.abc import Sequence

from paracle_cache._proto import cache_pb2 as pb

from ..support.verdict import Verdict, spread
from . import answers
from .caller import Outcome
from .questions import Question
from .replicas import Replicas
from .scene import Scene


class Tally:
    """Sums over the rounds of a row."""

    def __init__(self):
        self.most_calls = 0  # For one question.
        self._asked = 0
        self._hanging: list[Outcome] = []
        self._wrong: list[Outcome] = []
        self._taken_over: list[float] = []

    def add(self, scene: Scene, outcomes: Sequence[Outcome]) -> None:
        self._asked += len(outcomes)
        for question in {outcome.question for outcome in outcomes}:
            self._add_one(scene, question, [outcome for outcome in outcomes if outcome.question == question])

    def _add_one(self, scene: Scene, question: Question, outcomes: Sequence[Outcome]) -> None:
        calls = scene.calls.of(question)
        self.most_calls = max(self.most_calls, len(calls))
        self._hanging += [outcome for outcome in outcomes if outcome.how == "stuck"]
        self._wrong += [outcome for outcome in outcomes if outcome.how != "stuck" and outcome.call not in calls]
        told = [moment for outcome in outcomes for moment, code in outcome.broke_off if code == "ABORTED"]
        later_calls = scene.calls.begun(question)[1:]
        if told and later_calls:
            self._taken_over.append(max(0.0, later_calls[0] - min(told)))

    def judge(self, verdict: Verdict) -> None:
        verdict.equal("who asked and ended without an answer", len(self._hanging), 0)
        verdict.equal(f"of {self._asked} answers, not one whole answer of one call", len(self._wrong), 0)
        if self._taken_over:
            verdict.tell("from the first who was told to the next call, p50 / p99 / most", spread(self._taken_over))
        for outcome in (self._hanging + self._wrong)[:5]:
            verdict.tell(f"{outcome.question.name}, {outcome.how}", f"{outcome.not_whole} {outcome.broke_off[-1:]}")


def ask_everywhere(scene: Scene, question: Question) -> list[str]:
    """What each replica that is alive has stored: the call, `nothing`, or why it is not whole."""
    return asyncio.run(_ask_everywhere(scene.living_addresses(), question))


async def _ask_everywhere(addresses: list[str], question: Question) -> list[str]:
    request = pb.GetRequest(entry=question.entry)
    async with Replicas(addresses) as replicas:
        responses = [await stub.Get(request, timeout=5) for stub in replicas.stubs]
    return [_stored(response, question) for response in responses]


def _stored(response: pb.GetResponse, question: Question) -> str:
    if response.WhichOneof("outcome") != "hit":
        return "nothing"
    try:
        return answers.call_of(response.hit.payload, question.shape)
    except answers.NotWhole as error:
        return str(error)

"""Many who ask, spread over several processes."""

import asyncio
import dataclasses
import random
from collections.abc import Callable, Sequence

from paracle_cache._proto import cache_pb2 as pb

from . import clocks
from .caller import Caller, Outcome
from .questions import CallLog, Question
from .recording import Recorded, make_answer
from .replicas import Replicas
from .stage import Stage
from .worker import Worker

PROCESSES = 4


@dataclasses.dataclass(frozen=True)
class Arrival:
    """Somebody who asks."""

    question: Question
    replica: int
    at: float  # Seconds after the crowd's beginning.


@dataclasses.dataclass
class Report:
    outcomes: list[Outcome]
    lateness: list[float]  # Of the process itself, see LoopLateness.
    first_chunks: list[tuple[float, float]]  # From asking to the first chunk; and the process's own lateness meanwhile.


@dataclasses.dataclass(frozen=True)
class Asking:
    """A job: one process's part of a crowd. Tells `ready` when it is connected."""

    addresses: list[str]
    calls: CallLog
    arrivals: list[Arrival]
    begin: float  # Moment of the shared clock.
    gives_up: bool = False
    pause: float = 0.0
    paused_until: float = 0.0

    async def run(self, tell: Callable[[object], None]) -> Report:
        async with Replicas(self.addresses) as replicas:
            caller = Caller(replicas, self.calls, self.gives_up, self.pause, self.paused_until)
            tell("ready")
            with clocks.LoopLateness() as lateness:
                outcomes = await asyncio.gather(*(self._arrive(caller, arrival) for arrival in self.arrivals))
        for outcome in outcomes:
            outcome.judge()
        first_chunks = [
            (outcome.first - outcome.asked, lateness.worst_between(outcome.asked, outcome.first))
            for outcome in outcomes
            if outcome.first and not outcome.broke_off
        ]
        return Report(outcomes, [late for _, late in lateness.samples], first_chunks)

    async def _arrive(self, caller: Caller, arrival: Arrival) -> Outcome:
        await clocks.sleep_until(self.begin + arrival.at)
        return await caller.ask(arrival.question, arrival.replica)


@dataclasses.dataclass(frozen=True)
class Making:
    """A job: takes the lease and makes the answer. Tells `recording` when the first chunk has been sent."""

    address: str
    calls: CallLog
    question: Question

    async def run(self, tell: Callable[[object], None]) -> Recorded:
        async with Replicas([self.address]) as replicas:
            [stub] = replicas.stubs
            request = pb.GetRequest(entry=self.question.entry)
            request.lease.wait.FromMilliseconds(0)
            lease = (await stub.Get(request, timeout=5)).lease
            if not lease.fill_token:
                raise RuntimeError("the first to ask was given no lease")
            return await make_answer(stub, self.question, lease, self.calls, tell)


class Crowd:
    """Workers that ask. `begin` and then `join`."""

    def __init__(self, processes: int = PROCESSES):
        self._workers = [Worker() for _ in range(processes)]

    def begin(self, stage: Stage, arrivals: Sequence[Arrival], **kwargs) -> float:
        """Spreads them over the processes; the moment that their times count from."""
        begin = clocks.now() + 0.3
        for index, worker in enumerate(self._workers):
            mine = list(arrivals[index :: len(self._workers)])
            worker.begin(Asking(stage.addresses, stage.calls, mine, begin, **kwargs))
        return begin

    def join(self) -> Report:
        reports = [worker.result() for worker in self._workers]
        return Report(
            [outcome for report in reports for outcome in report.outcomes],
            [late for report in reports for late in report.lateness],
            [first for report in reports for first in report.first_chunks],
        )


def arrivals_at_random(
    question: Question, count: int, replicas: Sequence[int], begin: float, end: float, chance: random.Random
) -> list[Arrival]:
    """Evenly over the replicas, at random times; in no order, so that each process has some of every replica."""
    found = [Arrival(question, replicas[i % len(replicas)], chance.uniform(begin, end)) for i in range(count)]
    chance.shuffle(found)
    return found

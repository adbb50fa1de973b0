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
from .scene import Scene
from .worker import JobWorker

PROCESSES = 4


@dataclasses.dataclass(frozen=True)
class Arrival:
    """Somebody who asks."""

    question: Question
    replica: int
    at: float  # Seconds after the crowd's beginning.


@dataclasses.dataclass(frozen=True)
class Asking:
    """A job: one process's part of a crowd. Tells `ready` when it is connected."""

    addresses: list[str]
    calls: CallLog
    arrivals: list[Arrival]
    begin: float  # Moment of the shared clock.
    gives_up: bool = False

    async def run(self, tell: Callable[[str], None]) -> list[Outcome]:
        async with Replicas(self.addresses) as replicas:
            caller = Caller(replicas, self.calls, self.gives_up)
            tell("ready")
            outcomes = await asyncio.gather(*(self._arrive(caller, arrival) for arrival in self.arrivals))
        for outcome in outcomes:
            outcome.judge()
        return outcomes

    async def _arrive(self, caller: Caller, arrival: Arrival) -> Outcome:
        await clocks.sleep_until(self.begin + arrival.at)
        return await caller.ask(arrival.question, arrival.replica)


@dataclasses.dataclass(frozen=True)
class Making:
    """A job: takes the lease and makes the answer. Tells what make_answer tells."""

    address: str
    calls: CallLog
    question: Question

    async def run(self, tell: Callable[[str], None]) -> Recorded:
        async with Replicas([self.address]) as replicas:
            [stub] = replicas.stubs
            request = pb.GetRequest(entry=self.question.entry)
            request.lease.wait.FromMilliseconds(0)
            lease = (await stub.Get(request, timeout=5)).lease
            if not lease.fill_token:
                raise RuntimeError("the first to ask was given no lease")
            return await make_answer(stub, self.question, lease, self.calls, tell)


def begin_recording(scene: Scene, question: Question, replica: int = 0) -> JobWorker:
    """A process that records the answer to it, which has begun. To be killed."""
    recorder = JobWorker()
    recorder.begin(Making(scene.addresses[replica], scene.calls, question))
    recorder.await_word("recording")
    return recorder


class Crowd:
    """Workers that ask. `begin` and then `join`."""

    def __init__(self, processes: int = PROCESSES):
        self._workers = [JobWorker() for _ in range(processes)]

    def begin(self, scene: Scene, arrivals: Sequence[Arrival], gives_up: bool = False) -> None:
        """Spreads them over the processes. They are connected when it returns."""
        begin = clocks.now() + 0.3
        for index, worker in enumerate(self._workers):
            mine = list(arrivals[index :: len(self._workers)])
            worker.begin(Asking(scene.addresses, scene.calls, mine, begin, gives_up))
        for worker in self._workers:
            worker.await_word("ready")

    def join(self) -> list[Outcome]:
        return [outcome for worker in self._workers for outcome in worker.result()]


def arrivals_at_random(
    question: Question, count: int, replicas: Sequence[int], begin: float, end: float, chance: random.Random
) -> list[Arrival]:
    return [Arrival(question, replica, at) for replica, at in places_at_random(count, replicas, begin, end, chance)]


def places_at_random(
    count: int, replicas: Sequence[int], begin: float, end: float, chance: random.Random
) -> list[tuple[int, float]]:
    """Replicas, evenly, and random times; in no order, so that each process has some of every replica."""
    places = [(replicas[number % len(replicas)], chance.uniform(begin, end)) for number in range(count)]
    chance.shuffle(places)
    return places

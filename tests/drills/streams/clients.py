"""The two lines that agents add: a decorated generator in Python, and HTTP transports in Python and Go mixed."""

import random
from collections.abc import Callable, Sequence

from ..support.stage import REPLICAS
from ..support.verdict import Verdict, spread
from . import clocks
from .buying import CLIENT_SETTINGS, Bought, Buying
from .crowd import Crowd, places_at_random
from .go_readers import GoCrowd, GoReader
from .provider import CHUNKS, PER_SECOND, Provider, body_of
from .scene import PATIENT, Scene, running_scene
from .worker import JobWorker

_READERS = 40
_PROCESSES = 4
_LAST = CHUNKS / PER_SECOND - 1.5  # Seconds after the first: the last one joins.
_CHANCE = random.Random(7)
_AT_ONCE = 1.0  # Who has a first piece within so many seconds has not waited for the end, not even the last one.


def run(verdict: Verdict, _: Crowd, short: bool) -> None:
    times = 1 if short else 3
    for title, buy in (("a decorated generator in Python", _decorated), ("transports in Python and Go mixed", _mixed)):
        verdict.row(f"{title}: {_READERS} readers in {_PROCESSES} processes join one stream, {times} times")
        rounds = [_one_round(buy, f"{title} {number}") for number in range(times)]
        _judge(verdict, rounds)


_Round = tuple[int, Sequence[Bought | GoReader]]  # Calls of the provider, readers.


def _one_round(buy: Callable[[Scene, Provider, str], Sequence[Bought | GoReader]], question: str) -> _Round:
    with running_scene(*PATIENT) as scene, Provider() as provider:
        readers = buy(scene, provider, question)
        return provider.calls(), readers


def _decorated(scene: Scene, provider: Provider, question: str) -> list[Bought]:
    workers = [JobWorker() for _ in range(_PROCESSES)]
    return _buy(workers, scene, provider, question, clocks.now() + 1.0, decorated=True)


def _mixed(scene: Scene, provider: Provider, question: str) -> list[Bought | GoReader]:
    workers = [JobWorker() for _ in range(_PROCESSES // 2)]
    places = places_at_random(_READERS // 2, range(REPLICAS), 0, _LAST, _CHANCE)
    go = GoCrowd(scene.addresses, places, processes=_PROCESSES // 2, settings=CLIENT_SETTINGS, lead=1.0,
                 url=provider.url, body=body_of(question))
    return [*_buy(workers, scene, provider, question, go.begin, decorated=False), *go.join().readers]


def _buy(workers: list[JobWorker], scene: Scene, provider: Provider, question: str, begin: float,
         decorated: bool) -> list[Bought]:
    """Each process asks a replica of its own."""
    for number, worker in enumerate(workers):
        moments = [begin + _CHANCE.uniform(0, _LAST) for _ in range(_READERS // _PROCESSES)]
        address = scene.addresses[number % REPLICAS]
        worker.begin(Buying(address, provider.url, question, moments, decorated))
    bought = [one for worker in workers for one in worker.result()]
    for worker in workers:
        worker.kill()
    return bought


def _judge(verdict: Verdict, rounds: list[_Round]) -> None:
    readers = [reader for _, readers in rounds for reader in readers]
    verdict.equal("calls of the provider", [calls for calls, _ in rounds], [1] * len(rounds))
    verdict.equal("readers without an answer", sum(bool(reader.error) for reader in readers), 0)
    verdict.equal("different answers to one question", [len({r.sha256 for r in each}) for _, each in rounds],
                  [1] * len(rounds))
    live = sum(0 < reader.first < _AT_ONCE for reader in readers)
    verdict.at_least("readers whose first piece came at once", live, len(readers) * 9 // 10)
    verdict.tell("first piece after asking, p50 / p99 / most", spread([reader.first for reader in readers]))
    for error in [reader.error for reader in readers if reader.error][:3]:
        verdict.tell("a reader's error", error)

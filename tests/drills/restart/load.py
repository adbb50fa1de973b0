"""Callers that go on whatever becomes of the replicas: so many operations a second, evenly, and what came of each.

Every answer follows from its key, so an answer of another key's is noticed. An operation that is late is not left out:
the ones after it begin at once (an open loop), and its time counts from when it was due.
"""

import dataclasses
import random
import threading
import time
from collections.abc import Mapping

from paracle_cache import CacheError, CacheKey, Client, Hit, Miss
from paracle_cache.results import Lease

from ..support.worker import Link, Worker

KEYS = 2000
THREADS = 8


def question(number: int) -> CacheKey:
    return CacheKey("fake", "steady", [{"role": "user", "content": f"k{number}"}])


def answer(number: int) -> bytes:
    """What clients/go/internal/steadyload stores, too."""
    return (f"answer of k{number};" * (1 + number % 200)).encode()


@dataclasses.dataclass
class Report:
    """Also what `steadyload` prints."""

    operations: int = 0
    hits: int = 0
    stored: int = 0
    wrong: int = 0
    errors: list[str] = dataclasses.field(default_factory=list)  # The first twenty.
    error_count: int = 0
    seconds: list[float] = dataclasses.field(default_factory=list)  # That each operation took.


class PythonLoad:
    """Begun when it is made."""

    def __init__(self, endpoint: str, rate: float, access: Mapping[str, str]):
        self._worker = Worker(_serve, endpoint, rate, dict(access))
        self._worker.receive()

    def use(self, access: Mapping[str, str]) -> None:
        """From now on, on a new channel; the operations of the old one end as they may."""
        self._worker.send(dict(access))
        self._worker.receive()

    def end(self) -> Report:
        self._worker.send(None)
        report = self._worker.receive()
        self._worker.kill()
        assert isinstance(report, Report)
        return report

    def kill(self) -> None:
        self._worker.kill()


def _serve(link: Link, endpoint: str, rate: float, access: dict[str, str]) -> None:
    client = Client(endpoint, **access)
    for number in range(0, KEYS, 2):
        client.set(question(number), answer(number), timeout=10)
    load = _Load(client, rate)
    link.send("begun")
    while (access := link.receive()) is not None:  # type: ignore[assignment]
        replaced, load.client = load.client, Client(endpoint, **access)
        time.sleep(2 * replaced.settings.timeout)  # What uses it has ended by then.
        replaced.close()
        link.send("used")
    link.send(load.end())
    load.client.close()


class _Load:
    def __init__(self, client: Client, rate: float):
        self.client = client
        self._report = Report()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(place, THREADS / rate)) for place in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def end(self) -> Report:
        self._over.set()
        for thread in self._threads:
            thread.join()
        return self._report

    def _run(self, place: int, interval: float) -> None:
        chance = random.Random(place)
        due = time.monotonic() + interval * place / THREADS
        while not self._over.wait(max(0.0, due - time.monotonic())):
            self._operate(chance, due)
            due += interval

    def _operate(self, chance: random.Random, due: float) -> None:
        counted = Report(operations=1)
        try:
            _OPERATIONS[chance.choices(range(len(_OPERATIONS)), _WEIGHTS)[0]](self.client, chance, counted)
        except CacheError as error:
            counted.error_count = 1
            counted.errors = [f"{type(error).__name__}: {error}"]
        counted.seconds = [time.monotonic() - due]
        with self._lock:
            _add(self._report, counted)


def _add(report: Report, counted: Report) -> None:
    report.operations += counted.operations
    report.hits += counted.hits
    report.stored += counted.stored
    report.wrong += counted.wrong
    report.error_count += counted.error_count
    report.errors = (report.errors + counted.errors)[:20]
    report.seconds += counted.seconds


def _take(number: int, hit: Hit, counted: Report) -> None:
    counted.hits += 1
    counted.wrong += hit.payload != answer(number)


def _get(client: Client, chance: random.Random, counted: Report) -> None:
    number = chance.randrange(KEYS)
    outcome = client.get(question(number))
    if isinstance(outcome, Hit):
        return _take(number, outcome, counted)
    client.set(question(number), answer(number), fill_token=outcome.fill_token)
    counted.stored += 1
    return None


def _set(client: Client, chance: random.Random, counted: Report) -> None:
    number = chance.randrange(KEYS)
    client.set(question(number), answer(number))
    counted.stored += 1


def _batch(client: Client, chance: random.Random, counted: Report) -> None:
    numbers = [chance.randrange(KEYS) for _ in range(16)]
    for number, outcome in zip(numbers, client.batch_get([question(number) for number in numbers]), strict=True):
        if isinstance(outcome, CacheError):
            raise outcome
        if isinstance(outcome, Hit):
            _take(number, outcome, counted)


def _lease(client: Client, chance: random.Random, counted: Report) -> None:
    number = KEYS + chance.randrange(1 << 40)  # Nobody has asked it.
    outcome = client.get_or_wait(question(number))
    assert isinstance(outcome, Lease | Miss), outcome
    client.set(question(number), answer(number), fill_token=outcome.fill_token)
    counted.stored += 1


_OPERATIONS = (_get, _set, _batch, _lease)
_WEIGHTS = (80, 10, 5, 5)

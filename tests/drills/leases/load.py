"""A worker that asks many questions at once through the Python client, and counts what came of it: what
clients/go/internal/leaseload does for Go, with the same figures, wave after wave."""

import asyncio
import concurrent.futures
import contextlib
import dataclasses
import json
import time
from collections.abc import Callable, Iterator

from paracle_cache import aio
from paracle_cache.client import Client
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from paracle_cache.llm_cache import LLMCache

from ..support import fake_model
from ..support.worker import Link
from .questions import key_of, name_of

_AT_ONCE = 0.02  # Seconds. Longer than a hit takes that nobody waited for.
_MOST_TOLD = 10


@dataclasses.dataclass(frozen=True)
class Wave:
    first: int
    keys: int
    waiters: int  # Of each key, all at once.


@dataclasses.dataclass
class Tally:
    """What is counted of one wave. As what `leaseload` prints."""

    answers: int = 0
    wrong: int = 0  # Answers that are another key's.
    distinct: dict[str, list[str]] = dataclasses.field(default_factory=dict)  # Keys with more than one answer.
    errors: int = 0
    waited: int = 0  # Hits that took longer than _AT_ONCE.
    slowest_seconds: float = 0.0
    last_asked: float = 0.0  # When the last one asked, in seconds since 1970.
    told: list[str] = dataclasses.field(default_factory=list)  # The first errors.

    def add(self, name: str, answer: object, called: bool, took: float, seen: dict[str, list[str]]) -> None:
        self.answers += 1
        self.slowest_seconds = max(self.slowest_seconds, took)
        self.wrong += not isinstance(answer, dict) or answer.get("key") != name
        self.waited += not called and took > _AT_ONCE
        text, texts = json.dumps(answer, sort_keys=True), seen.setdefault(name, [])
        if text not in texts and len(texts) < _MOST_TOLD:
            texts.append(text)
        if len(texts) > 1:
            self.distinct[name] = texts

    def add_error(self, name: str, error: Exception) -> None:
        self.errors += 1
        if len(self.told) < _MOST_TOLD:
            self.told.append(f"{name}: {type(error).__name__}: {error}")


def tasks(link: Link, addresses: list[str], model_url: str) -> None:
    """The work of a Worker: each asker is a task of one event loop."""
    asyncio.run(_Tasks(addresses, model_url).run(link))


def threads(link: Link, addresses: list[str], model_url: str) -> None:
    """The work of a Worker: each asker is a thread."""
    caches = [LLMCache(cache=SafeCache(Client(address))) for address in addresses]
    with concurrent.futures.ThreadPoolExecutor(1000) as pool:
        link.send("ready")
        while isinstance(wave := link.receive(), Wave):
            link.send(_ask_in_threads(pool, caches, model_url, wave))


class _Tasks:
    def __init__(self, addresses: list[str], model_url: str):
        self._addresses = addresses
        self._model_url = model_url

    async def run(self, link: Link) -> None:
        self._caches = [LLMCache(async_cache=AsyncSafeCache(aio.Client(address))) for address in self._addresses]
        link.send("ready")
        while isinstance(wave := await link.areceive(), Wave):
            link.send(await self._ask(wave))

    async def _ask(self, wave: Wave) -> Tally:
        tally, seen = Tally(), {}
        await asyncio.gather(*(self._ask_once(cache, name, tally, seen) for cache, name in _dealt(self._caches, wave)))
        return tally

    async def _ask_once(self, cache: LLMCache, name: str, tally: Tally, seen: dict[str, list[str]]) -> None:
        called = False

        async def compute() -> dict[str, object]:
            nonlocal called
            called = True
            return await fake_model.aask(self._model_url, name, "python-tasks")

        tally.last_asked = time.time()
        with _timed(tally, name) as took:
            answer = await cache.aget_or_compute(key_of(name), compute)
            tally.add(name, answer, called, took(), seen)


def _ask_in_threads(
    pool: concurrent.futures.Executor, caches: list[LLMCache], model_url: str, wave: Wave
) -> Tally:
    tally, seen = Tally(), {}

    def ask_once(cache: LLMCache, name: str) -> None:
        called = False
        tally.last_asked = time.time()

        def compute() -> dict[str, object]:
            nonlocal called
            called = True
            return fake_model.ask(model_url, name, "python-threads")

        with _timed(tally, name) as took:
            answer = cache.get_or_compute(key_of(name), compute)
            results.append((name, answer, called, took()))

    results: list[tuple[str, object, bool, float]] = []
    concurrent.futures.wait([pool.submit(ask_once, cache, name) for cache, name in _dealt(caches, wave)])
    for result in results:
        tally.add(*result, seen)
    return tally


def _dealt(caches: list[LLMCache], wave: Wave) -> Iterator[tuple[LLMCache, str]]:
    """Keys in turn, so that all of them begin early; each key's askers over all replicas."""
    for turn in range(wave.waiters):
        for number in range(wave.keys):
            yield caches[(turn + number) % len(caches)], name_of(wave.first + number)


@contextlib.contextmanager
def _timed(tally: Tally, name: str) -> Iterator[Callable[[], float]]:
    began = time.monotonic()
    try:
        yield lambda: time.monotonic() - began
    except Exception as error:  # the model's, or a fault of the client: counted, and the drill missed
        tally.add_error(name, error)

"""A worker whose model calls end without an answer: they raise, or are cancelled, when it is told to."""

import asyncio
import contextlib
import dataclasses
import time

from paracle_cache import aio
from paracle_cache.client import Client
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from paracle_cache.llm_cache import LLMCache

from ..support.worker import Link
from .questions import key_of

WAYS = ("raises", "raises in a task", "is cancelled")


@dataclasses.dataclass(frozen=True)
class Release:
    """Begin a model call for the question, say `called`, and at the next word end it in that way; say when."""

    name: str
    replica: int
    way: str


class _ModelFailed(Exception):
    pass


def releasing(link: Link, addresses: list[str]) -> None:
    """The work of a Worker."""
    asyncio.run(_Releaser(link, addresses).run())


class _Releaser:
    def __init__(self, link: Link, addresses: list[str]):
        self._link = link
        self._addresses = addresses

    async def run(self) -> None:
        self._caches = [
            LLMCache(
                cache=SafeCache(Client(address, timeout=2.0)),
                async_cache=AsyncSafeCache(aio.Client(address, timeout=2.0)),
            )
            for address in self._addresses
        ]
        self._link.send("ready")
        while isinstance(wanted := await self._link.areceive(), Release):
            cache = self._caches[wanted.replica]
            if wanted.way == "raises":
                ended = await asyncio.to_thread(self._raise_in_a_thread, cache, wanted.name)
            elif wanted.way == "is cancelled":
                ended = await self._cancel(cache, wanted.name)
            else:
                ended = await self._raise_in_a_task(cache, wanted.name)
            self._link.send(ended)

    def _raise_in_a_thread(self, cache: LLMCache, name: str) -> float:
        ended = 0.0

        def compute() -> object:
            nonlocal ended
            self._link.send("called")
            self._link.receive()
            ended = time.monotonic()
            raise _ModelFailed

        with contextlib.suppress(_ModelFailed):
            cache.get_or_compute(key_of(name), compute)
        return ended

    async def _raise_in_a_task(self, cache: LLMCache, name: str) -> float:
        ended = 0.0

        async def compute() -> object:
            nonlocal ended
            self._link.send("called")
            await self._link.areceive()
            ended = time.monotonic()
            raise _ModelFailed

        with contextlib.suppress(_ModelFailed):
            await cache.aget_or_compute(key_of(name), compute)
        return ended

    async def _cancel(self, cache: LLMCache, name: str) -> float:
        called = asyncio.Event()

        async def compute() -> object:
            called.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(cache.aget_or_compute(key_of(name), compute))
        await called.wait()
        self._link.send("called")
        await self._link.areceive()
        ended = time.monotonic()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return ended

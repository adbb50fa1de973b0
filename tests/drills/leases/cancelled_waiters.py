"""Half of those who wait are cancelled, at random times: nothing is left of them, nor of the others in the end."""

import asyncio
import contextlib
import random

import grpc
from paracle_cache._proto import cache_pb2 as pb
from paracle_cache._proto.cache_pb2_grpc import CacheServiceStub

from ..support.stage import await_that
from ..support.verdict import Verdict
from .questions import entry_of, lease_request, name_of
from .scene import Scene

_QUESTIONS = 20
_WAITERS = 2000
_OVER = 1.0  # Seconds in which they are cancelled.
_SOON = 1.0  # Seconds until the gauges show it.


def run(verdict: Verdict, scene: Scene) -> None:
    rounds = 1 if scene.short else 5
    verdict.row(f"of {_WAITERS} who wait, half are cancelled at random, {rounds} times")
    for turn in range(rounds):
        asyncio.run(_Round(verdict, scene, random.Random(turn)).run())


class _Round:
    def __init__(self, verdict: Verdict, scene: Scene, chance: random.Random):
        self._verdict = verdict
        self._stage = scene.stage
        self._chance = chance
        first = scene.new_keys(_QUESTIONS)
        self._names = [name_of(first + number) for number in range(_QUESTIONS)]

    async def run(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            self._stubs = [
                CacheServiceStub(await stack.enter_async_context(grpc.aio.insecure_channel(address)))
                for address in self._stage.addresses
            ]
            tokens = [await self._take(name) for name in self._names]
            waiting = [asyncio.create_task(self._wait(number)) for number in range(_WAITERS)]
            await self._gauges(waiting=_WAITERS, held=_QUESTIONS)
            self._verdict.at_least("waited, as the gauges say", self._stage.waiting(), _WAITERS)
            left = await self._cancel_half(waiting)
            took = await self._gauges(waiting=len(left), held=_QUESTIONS)
            self._verdict.within("until the gauges show that half has gone", took, _SOON)
            await self._end(tokens)
            found = await asyncio.gather(*left)
            took = await self._gauges(waiting=0, held=0)
            self._verdict.within("until nobody waits and nothing is held, after the last answer", took, _SOON)
            self._verdict.equal("the others' answers", found.count("hit"), len(left))

    async def _take(self, name: str) -> bytes:
        stub = self._chance.choice(self._stubs)
        return (await stub.Get(lease_request(name, wait=0), timeout=5)).lease.fill_token

    async def _wait(self, number: int) -> str:
        stub = self._stubs[number % len(self._stubs)]
        request = lease_request(self._names[number % _QUESTIONS], wait=60)
        while True:
            response = await stub.Get(request, timeout=60)
            how = response.WhichOneof("outcome")
            if how != "lease":
                return how
            await self._set(stub, request.entry, response.lease.fill_token)

    async def _cancel_half(self, waiting: list[asyncio.Task]) -> list[asyncio.Task]:
        chosen = self._chance.sample(waiting, len(waiting) // 2)
        for task in chosen:
            task.cancel()
            await asyncio.sleep(_OVER / len(chosen) * self._chance.uniform(0, 2))
        ended = await asyncio.gather(*chosen, return_exceptions=True)
        self._verdict.equal("cancelled", sum(isinstance(how, asyncio.CancelledError) for how in ended), len(chosen))
        return [task for task in waiting if task not in set(chosen)]

    async def _end(self, tokens: list[bytes]) -> None:
        """Half of the questions are answered; the leases of the others go back, and one who waits answers."""
        for number, (name, token) in enumerate(zip(self._names, tokens, strict=True)):
            stub = self._chance.choice(self._stubs)
            if number % 2:
                await self._set(stub, entry_of(name), token)
            else:
                await stub.ReleaseLease(pb.ReleaseLeaseRequest(entry=entry_of(name), fill_token=token), timeout=5)

    async def _set(self, stub: CacheServiceStub, entry: pb.EntryRef, token: bytes) -> None:
        await stub.Set(pb.SetRequest(entry=entry, payload=b"1", fill_token=token), timeout=5)

    async def _gauges(self, waiting: int, held: int) -> float:
        def show_it() -> bool:
            return (self._stage.waiting(), self._stage.held()) == (waiting, held)

        return await asyncio.to_thread(await_that, f"{waiting} wait, {held} are held", show_it)

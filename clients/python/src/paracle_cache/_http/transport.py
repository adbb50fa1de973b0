"""The sync and the async transport, for a flavour of httpx to derive from: they do the I/O of an exchange."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, Generic, TypeVar, cast

from .._failsafe.async_lease_keeper import AsyncHeldLease
from .._failsafe.async_streams import AsyncFollowing
from .._failsafe.following import Broken, Following
from .._failsafe.lease_keeper import HeldLease
from .._log import warn_once
from ..failsafe import AsyncSafeCache, SafeCache
from ..pricing import Cost, Price
from .exchange import Derive, Exchange, LookUp, Read, Step
from .flavour import AsyncSender, Flavour, RequestT, ResponseT, Sender
from .policy import Policy
from .recording import Question, Recording

_MOST_TAKEOVERS = (
    10  # So often a stream that broke off is looked for elsewhere before it is made without the cache.
)
_SMALL = 64 * 1024  # bytes: read in a few milliseconds

_T = TypeVar("_T")
_SyncT = TypeVar("_SyncT", bound="SyncTransport[Any, Any]")
_AsyncT = TypeVar("_AsyncT", bound="AsyncTransport[Any, Any]")


class SyncTransport(Generic[RequestT, ResponseT]):
    """See `CachingTransport`."""

    _flavour: ClassVar[Flavour[Any, Any]]

    def __init__(
        self,
        transport: Sender[RequestT, ResponseT] | None = None,
        *,
        cache: SafeCache | None = None,
        ttl: float | None = None,
        tags: Sequence[str] = (),
        cost: Cost | Mapping[str, Price] | None = None,
        cache_if: Callable[[Any], bool] | None = None,
        coalesce: bool = True,
    ) -> None:
        policy = Policy(ttl, tags, cost, cache_if)
        self._exchange: Exchange[RequestT, ResponseT] = Exchange(self._flavour, policy)
        self._sender: Sender[RequestT, ResponseT] = transport or self._flavour.sender()
        self._cache = cache
        self._coalesce = coalesce

    def handle_request(self, request: RequestT) -> ResponseT:
        return self._respond(request, 0)

    def _respond(self, request: RequestT, takeovers: int) -> ResponseT:
        """takeovers: how many streams that answered it broke off."""
        cache = self._cache or SafeCache.shared()
        enabled = cache.enabled and takeovers < _MOST_TAKEOVERS
        with contextlib.ExitStack() as leases:
            record = partial(self._record, cache, leases)
            follow = partial(self._follow, leases, request, takeovers)
            steps = self._exchange.steps(request, record, follow, enabled=enabled)
            answer: Any = None
            while True:
                try:
                    step = steps.send(answer)
                except StopIteration as done:
                    response: ResponseT = done.value
                    return response
                answer = self._do(cache, step)
                if isinstance(answer, HeldLease | Following):
                    leases.enter_context(answer)

    def _do(self, cache: SafeCache, step: Step[RequestT]) -> Any:
        if isinstance(step, LookUp):
            ask: Callable[..., Any] = cache.lookup
            if self._coalesce:
                ask = cache.claim_stream if step.asked.streams else cache.claim
            return ask(step.asked.entry)
        if isinstance(step, Derive):
            return step.question()
        if isinstance(step, Read):
            with contextlib.suppress(Broken):
                return cast("Following", step.following).next()
            return None
        return self._sender.handle_request(step.request)

    def _record(
        self, cache: SafeCache, leases: contextlib.ExitStack, response: ResponseT, question: Question
    ) -> Any:
        recording = self._exchange.recording(response, question, cache.max_entry_bytes)
        recording.begin(cache.record)
        stream = self._flavour.recorder(response.stream, recording, partial(self._store, cache))
        leases.pop_all()  # From now on it is the stream that gives the lease back.
        return stream

    def _follow(
        self,
        leases: contextlib.ExitStack,
        request: RequestT,
        takeovers: int,
        following: Following,
        begun: bytes,
    ) -> Any:
        leases.pop_all()  # From now on it is the stream that closes it.

        def anew(ask: bool) -> ResponseT:
            return self._respond(request, takeovers + 1 if ask else _MOST_TAKEOVERS)

        return self._flavour.followed(following, begun, anew, self._flavour.broken)

    def _store(self, cache: SafeCache, recording: Recording) -> None:
        lease = recording.lease
        with lease if isinstance(lease, HeldLease) else contextlib.nullcontext():
            if filled := recording.take():
                cache.store(filled.entry, filled.payload, **filled.told)

    def close(self) -> None:
        """Closes the inner transport. A cache that was given stays open."""
        self._sender.close()

    def __enter__(self: _SyncT) -> _SyncT:
        self._sender.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._sender.__exit__(exc_type, exc_value, traceback)


class AsyncTransport(Generic[RequestT, ResponseT]):
    """See `AsyncCachingTransport`."""

    _flavour: ClassVar[Flavour[Any, Any]]

    def __init__(
        self,
        transport: AsyncSender[RequestT, ResponseT] | None = None,
        *,
        cache: AsyncSafeCache | None = None,
        ttl: float | None = None,
        tags: Sequence[str] = (),
        cost: Cost | Mapping[str, Price] | None = None,
        cache_if: Callable[[Any], bool] | None = None,
        coalesce: bool = True,
    ) -> None:
        policy = Policy(ttl, tags, cost, cache_if)
        self._exchange: Exchange[RequestT, ResponseT] = Exchange(self._flavour, policy)
        self._sender: AsyncSender[RequestT, ResponseT] = transport or self._flavour.async_sender()
        self._cache = cache
        self._coalesce = coalesce

    async def handle_async_request(self, request: RequestT) -> ResponseT:
        return await self._respond(request, 0)

    async def _respond(self, request: RequestT, takeovers: int) -> ResponseT:
        """takeovers: how many streams that answered it broke off."""
        cache = self._cache or _shared_by_loop()
        if cache is None:
            return await self._sender.handle_async_request(request)
        enabled = cache.enabled and takeovers < _MOST_TAKEOVERS
        async with contextlib.AsyncExitStack() as leases:
            record = partial(self._record, cache, leases)
            follow = partial(self._follow, leases, request, takeovers)
            steps = self._exchange.steps(request, record, follow, enabled=enabled)
            answer: Any = None
            while True:
                try:
                    step = steps.send(answer)
                except StopIteration as done:
                    response: ResponseT = done.value
                    return response
                answer = await self._do(cache, step)
                if isinstance(answer, AsyncHeldLease):
                    await leases.enter_async_context(answer)
                elif isinstance(answer, AsyncFollowing):
                    leases.enter_context(answer)

    async def _do(self, cache: AsyncSafeCache, step: Step[RequestT]) -> Any:
        if isinstance(step, LookUp):
            ask: Callable[..., Any] = cache.lookup
            if self._coalesce:
                ask = cache.claim_stream if step.asked.streams else cache.claim
            return await ask(step.asked.entry)
        if isinstance(step, Derive):
            return await _beside_the_loop(step.question, step.size)
        if isinstance(step, Read):
            with contextlib.suppress(Broken):
                return await cast("AsyncFollowing", step.following).next()
            return None
        return await self._sender.handle_async_request(step.request)

    def _record(
        self,
        cache: AsyncSafeCache,
        leases: contextlib.AsyncExitStack,
        response: ResponseT,
        question: Question,
    ) -> Any:
        recording = self._exchange.recording(response, question, cache.max_entry_bytes)
        recording.begin(cache.record)
        stream = self._flavour.async_recorder(response.stream, recording, partial(self._store, cache))
        leases.pop_all()  # From now on it is the stream that gives the lease back.
        return stream

    def _follow(
        self,
        leases: contextlib.AsyncExitStack,
        request: RequestT,
        takeovers: int,
        following: AsyncFollowing,
        begun: bytes,
    ) -> Any:
        leases.pop_all()  # From now on it is the stream that closes it.

        async def anew(ask: bool) -> ResponseT:
            return await self._respond(request, takeovers + 1 if ask else _MOST_TAKEOVERS)

        return self._flavour.async_followed(following, begun, anew, self._flavour.broken)

    async def _store(self, cache: AsyncSafeCache, recording: Recording) -> None:
        lease = recording.lease
        async with lease if isinstance(lease, AsyncHeldLease) else contextlib.nullcontext():
            if filled := await _beside_the_loop(recording.take, recording.size):
                await cache.store(filled.entry, filled.payload, **filled.told)

    async def aclose(self) -> None:
        """Closes the inner transport. A cache that was given stays open."""
        await self._sender.aclose()

    async def __aenter__(self: _AsyncT) -> _AsyncT:
        await self._sender.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._sender.__aexit__(exc_type, exc_value, traceback)


async def _beside_the_loop(work: Callable[[], _T], size: int) -> _T:
    """Does what takes long for many bytes without keeping the event loop from its other tasks."""
    if size <= _SMALL:
        return work()
    try:
        return await asyncio.to_thread(work)
    except RuntimeError:  # the loop has shut its threads down
        return work()


def _shared_by_loop() -> AsyncSafeCache | None:
    try:
        return AsyncSafeCache.shared()
    except RuntimeError:  # httpx runs on trio too; gRPC on asyncio alone
        warn_once("not cached: async transports need asyncio")
        return None

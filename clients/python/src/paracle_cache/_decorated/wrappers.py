"""The four forms of a decorated function: thin shells around Plan, which do the I/O."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any

from .._failsafe.async_lease_keeper import AsyncHeldLease
from .._failsafe.lease_keeper import HeldLease
from ..failsafe import AsyncSafeCache, SafeCache
from ..key import EntryId
from ..results import Miss
from .plan import NOTHING, Fill, Plan
from .streams import RecordedGenerator, Recording, recorded


def wrap_sync(function: Callable[..., Any], plan: Plan[SafeCache]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        cache = plan.cache or SafeCache.shared()
        if not cache.enabled or (entry := plan.entry(args, kwargs)) is None:
            return function(*args, **kwargs)
        began = time.perf_counter()
        found = cache.claim(entry) if plan.coalesce else cache.lookup(entry)
        if (known := plan.recall(found, began)) is not NOTHING:
            return known
        with found if isinstance(found, HeldLease) else contextlib.nullcontext():
            began = time.perf_counter()
            answer = function(*args, **kwargs)
            _store(cache, plan, entry, plan.fill(answer, found, entry, time.perf_counter() - began))
        return answer

    return wrapper


def wrap_async(function: Callable[..., Awaitable[Any]], plan: Plan[AsyncSafeCache]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        cache = plan.cache or _shared_by_loop(plan)
        if cache is None or not cache.enabled or (entry := plan.entry(args, kwargs)) is None:
            return await function(*args, **kwargs)
        began = time.perf_counter()
        found = await (cache.claim(entry) if plan.coalesce else cache.lookup(entry))
        if (known := plan.recall(found, began)) is not NOTHING:
            return known
        async with found if isinstance(found, AsyncHeldLease) else contextlib.nullcontext():
            began = time.perf_counter()
            answer = await function(*args, **kwargs)
            fill = plan.fill(answer, found, entry, time.perf_counter() - began)
            await _store_async(cache, plan, entry, fill)
        return answer

    return wrapper


def wrap_generator(function: Callable[..., Any], plan: Plan[SafeCache]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        cache = plan.cache or SafeCache.shared()
        if not cache.enabled or (entry := plan.entry(args, kwargs)) is None:
            return (yield from function(*args, **kwargs))
        began = time.perf_counter()
        found = cache.lookup(entry)
        if (chunks := plan.recall_stream(found, began)) is not NOTHING:
            return (yield from chunks)
        if not isinstance(found, Miss):
            return (yield from function(*args, **kwargs))
        recording = Recording(cache.max_entry_bytes, plan.notices)
        value = yield from RecordedGenerator(function(*args, **kwargs), recording)
        _store(cache, plan, entry, plan.fill_stream(recording, found, entry))
        return value

    return wrapper


def wrap_async_generator(function: Callable[..., Any], plan: Plan[AsyncSafeCache]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        cache = plan.cache or _shared_by_loop(plan)
        entry = plan.entry(args, kwargs) if cache is not None and cache.enabled else None
        began = time.perf_counter()
        found = await cache.lookup(entry) if cache is not None and entry is not None else None
        if (chunks := plan.recall_stream(found, began)) is not NOTHING:
            for chunk in chunks:
                yield chunk
            return
        recording = (
            Recording(cache.max_entry_bytes, plan.notices) if cache and isinstance(found, Miss) else None
        )
        # Closing the source with its reader is what the bare generator would do.
        async with contextlib.aclosing(recorded(function(*args, **kwargs), recording)) as stream:
            async for chunk in stream:
                yield chunk
        if cache is not None and entry is not None and recording is not None:
            await _store_async(cache, plan, entry, plan.fill_stream(recording, found, entry))

    return wrapper


def _shared_by_loop(plan: Plan[AsyncSafeCache]) -> AsyncSafeCache | None:
    try:
        return AsyncSafeCache.shared()
    except RuntimeError:  # another kind of event loop runs this
        plan.notices.warn("loop", "called without the cache, which needs asyncio")
        return None


def _store(cache: SafeCache, plan: Plan[SafeCache], entry: EntryId, fill: Fill | None) -> None:
    if fill is not None:
        cache.store(entry, fill.payload, **fill.told(plan))


async def _store_async(
    cache: AsyncSafeCache, plan: Plan[AsyncSafeCache], entry: EntryId, fill: Fill | None
) -> None:
    if fill is not None:
        await cache.store(entry, fill.payload, **fill.told(plan))

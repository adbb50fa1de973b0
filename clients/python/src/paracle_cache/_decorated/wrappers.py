"""Decorated functions and coroutine functions: thin shells around Plan, which do the I/O."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

from .._failsafe.async_lease_keeper import AsyncHeldLease
from .._failsafe.lease_keeper import HeldLease
from ..failsafe import AsyncSafeCache, SafeCache
from .cache_access import shared_by_loop, store, store_async
from .plan import NOTHING, Plan


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
            store(cache, plan, entry, plan.fill(answer, found, entry, time.perf_counter() - began))
        return answer

    return wrapper


def wrap_async(function: Callable[..., Awaitable[Any]], plan: Plan[AsyncSafeCache]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        cache = plan.cache or shared_by_loop(plan)
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
            await store_async(cache, plan, entry, fill)
        return answer

    return wrapper

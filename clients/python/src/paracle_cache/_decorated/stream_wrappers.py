"""Decorated generators and async generators: thin shells around Plan, which do the I/O."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from .._failsafe.async_lease_keeper import AsyncHeldLease
from .._failsafe.async_streams import AsyncFollowing
from .._failsafe.following import Broken, Following
from .._failsafe.held import Held
from .._failsafe.lease_keeper import HeldLease
from .._values import json_values
from ..failsafe import AsyncSafeCache, SafeCache
from ..key import EntryId
from ..results import Miss
from .cache_access import shared_by_loop, store, store_async
from .following import MOST_TAKEOVERS, Given
from .plan import NOTHING, Found, Plan
from .streams import RecordedGenerator, Recording, recorded


def wrap_generator(function: Callable[..., Any], plan: Plan[SafeCache]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        cache = plan.cache or SafeCache.shared()
        if not cache.enabled or (entry := plan.entry(args, kwargs)) is None:
            return (yield from function(*args, **kwargs))
        given = Given()
        for _ in range(MOST_TAKEOVERS):
            began = time.perf_counter()
            found = cache.claim_stream(entry) if plan.coalesce else cache.lookup(entry)
            if not isinstance(found, Following):
                return (yield from _answer(cache, plan, entry, given, found, began, function, args, kwargs))
            if found.content_type != json_values.CHUNKS:
                found.close()
                break
            try:
                with found:
                    yield from given.follow(found)
            except Broken as broken:
                if broken.ask_again:
                    continue
                break
            plan.count_followed(found.origin, began)
            return None
        return (yield from given.behind(function(*args, **kwargs)))

    return wrapper


def _answer(
    cache: SafeCache,
    plan: Plan[SafeCache],
    entry: EntryId,
    given: Given,
    found: Found,
    began: float,
    function: Callable[..., Any],
    args: Any,
    kwargs: Any,
) -> Generator[Any, Any, Any]:
    if (chunks := plan.recall_stream(found, began)) is not NOTHING:
        return (yield from given.rest(chunks))
    if not isinstance(found, Miss | Held):
        return (yield from given.behind(function(*args, **kwargs)))
    with found if isinstance(found, HeldLease) else contextlib.nullcontext():
        lease = found if isinstance(found, Held) else None
        if lease is not None:
            cache.record(lease, json_values.CHUNKS)
        recording = Recording(cache.max_entry_bytes, plan.notices, lease)
        value = yield from given.behind(RecordedGenerator(function(*args, **kwargs), recording))
        store(cache, plan, entry, plan.fill_stream(recording, found, entry))
        return value


def wrap_async_generator(function: Callable[..., Any], plan: Plan[AsyncSafeCache]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        cache = plan.cache or shared_by_loop(plan)
        given, source = Given(), None
        entry = plan.entry(args, kwargs) if cache is not None and cache.enabled else None
        for _ in range(MOST_TAKEOVERS if cache is not None and entry is not None else 0):
            assert cache is not None and entry is not None  # noqa: S101, PT018  # for the type checker
            began = time.perf_counter()
            found = await (cache.claim_stream(entry) if plan.coalesce else cache.lookup(entry))
            if not isinstance(found, AsyncFollowing):
                source = _answer_async(cache, plan, entry, given, found, began, function, args, kwargs)
                break
            if found.content_type != json_values.CHUNKS:
                found.close()
                break
            try:
                with found:
                    async with contextlib.aclosing(given.follow_async(found)) as items:
                        async for item in items:
                            yield item
            except Broken as broken:
                if broken.ask_again:
                    continue
                break
            plan.count_followed(found.origin, began)
            return
        # Closing the source with its reader is what the bare generator would do.
        async with contextlib.aclosing(source or given.behind_async(function(*args, **kwargs))) as stream:
            async for chunk in stream:
                yield chunk

    return wrapper


async def _answer_async(
    cache: AsyncSafeCache,
    plan: Plan[AsyncSafeCache],
    entry: EntryId,
    given: Given,
    found: Found,
    began: float,
    function: Callable[..., Any],
    args: Any,
    kwargs: Any,
) -> AsyncGenerator[Any, None]:
    if (chunks := plan.recall_stream(found, began)) is not NOTHING:
        for chunk in given.rest(chunks):
            yield chunk
        return
    async with found if isinstance(found, AsyncHeldLease) else contextlib.nullcontext():
        lease = found if isinstance(found, Held) else None
        if lease is not None:
            cache.record(lease, json_values.CHUNKS)
        recording = (
            Recording(cache.max_entry_bytes, plan.notices, lease) if isinstance(found, Miss | Held) else None
        )
        made = given.behind_async(recorded(function(*args, **kwargs), recording))
        async with contextlib.aclosing(made) as stream:
            async for chunk in stream:
                yield chunk
        if recording is not None:
            await store_async(cache, plan, entry, plan.fill_stream(recording, found, entry))

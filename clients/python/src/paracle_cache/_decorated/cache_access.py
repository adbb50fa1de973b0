"""What all forms of a decorated function do with the cache besides asking it."""

from __future__ import annotations

from ..failsafe import AsyncSafeCache, SafeCache
from ..key import EntryId
from .plan import Fill, Plan


def shared_by_loop(plan: Plan[AsyncSafeCache]) -> AsyncSafeCache | None:
    try:
        return AsyncSafeCache.shared()
    except RuntimeError:  # another kind of event loop runs this
        plan.notices.warn("loop", "called without the cache, which needs asyncio")
        return None


def store(cache: SafeCache, plan: Plan[SafeCache], entry: EntryId, fill: Fill | None) -> None:
    if fill is not None:
        cache.store(entry, fill.payload, **fill.told(plan))


async def store_async(
    cache: AsyncSafeCache, plan: Plan[AsyncSafeCache], entry: EntryId, fill: Fill | None
) -> None:
    if fill is not None:
        await cache.store(entry, fill.payload, **fill.told(plan))

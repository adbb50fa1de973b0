"""LLMCache: answers of language models by CacheKey, for code that looks up and stores by itself.

Fails open: whatever is wrong with the cache, a get finds nothing and a set does nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from ._decorated.judgement import CacheIf, Judgement
from ._values.computing import Computing
from ._values.ttl import Ttl, seconds
from ._values.value_cache import CacheEntry, ValueCache
from .failsafe import AsyncSafeCache, SafeCache
from .key import CacheKey, EntryId, KeyRefused
from .pricing import Cost, Price
from .results import Origin

__all__ = ["CacheKey", "LLMCache", "get_llm_cache"]

T = TypeVar("T")


class LLMCache:
    """Gets and sets answers, which are JSON values. Thread-safe.

    ttl: seconds or a timedelta, over 0, for what is set without one. None: PARACLE_CACHE_TTL, else the service's.
    cache, async_cache: used instead of those that the process, or the event loop, shares.
    coalesce: whether `get_or_compute` waits while somebody else computes the same.

    The methods with an `a` in front are the same for asyncio.

    A `set` after a `get` that missed, in the same thread or task, is refused if the key was invalidated between.
    """

    def __init__(
        self,
        ttl: Ttl | None = None,
        *,
        cache: SafeCache | None = None,
        async_cache: AsyncSafeCache | None = None,
        coalesce: bool = True,
    ) -> None:
        self._ttl = seconds(ttl)
        self._coalesce = coalesce
        self._values = ValueCache("LLMCache", cache, async_cache)

    def get(self, key: CacheKey) -> Any | None:
        """The answer, made of fresh objects; None if there is none."""
        entry = self.entry(key)
        return None if entry is None else entry.value

    async def aget(self, key: CacheKey) -> Any | None:
        """As `get`."""
        entry = await self.aentry(key)
        return None if entry is None else entry.value

    def entry(self, key: CacheKey) -> CacheEntry | None:
        """The answer with its times and number of hits; None if there is none."""
        entry = self._entry_id(key)
        return None if entry is None else self._values.get(entry)

    async def aentry(self, key: CacheKey) -> CacheEntry | None:
        """As `entry`."""
        entry = self._entry_id(key)
        return None if entry is None else await self._values.aget(entry)

    def set(
        self,
        key: CacheKey,
        response: Any,
        ttl: Ttl | None = None,
        *,
        tags: Sequence[str] = (),
        origin: Origin | None = None,
    ) -> bool:
        """Stores a JSON value. False: it was not stored; what is not JSON is warned of once.

        ttl: None or 0: that of this object. origin: what the call cost, which is what hits will have saved.
        """
        entry = self._entry_id(key)
        return entry is not None and self._values.set(entry, response, ttl or self._ttl, tags, origin)

    async def aset(
        self,
        key: CacheKey,
        response: Any,
        ttl: Ttl | None = None,
        *,
        tags: Sequence[str] = (),
        origin: Origin | None = None,
    ) -> bool:
        """As `set`."""
        entry = self._entry_id(key)
        if entry is None:
            return False
        return await self._values.aset(entry, response, ttl or self._ttl, tags, origin)

    def get_or_compute(
        self,
        key: CacheKey,
        compute: Callable[[], T],
        ttl: Ttl | None = None,
        *,
        tags: Sequence[str] = (),
        cache_if: CacheIf | None = None,
        cost: Cost | Mapping[str, Price] | None = None,
    ) -> T:
        """The answer; if there is none, what `compute` returns, which is stored if it is JSON and whole.

        While somebody else computes the same, in whatever process, waits for that answer, at most
        PARACLE_CACHE_LEASE_WAIT; if that fails, one of those who wait computes. Raises what `compute` raises.

        ttl: as of `set`. cache_if, cost: as of `cached_llm_call`.
        """
        entry = self._entry_id(key)
        if entry is None:
            return compute()
        answer: T = self._computing(ttl, tags, cache_if, cost).get(entry, compute)
        return answer

    async def aget_or_compute(
        self,
        key: CacheKey,
        compute: Callable[[], Awaitable[T]],
        ttl: Ttl | None = None,
        *,
        tags: Sequence[str] = (),
        cache_if: CacheIf | None = None,
        cost: Cost | Mapping[str, Price] | None = None,
    ) -> T:
        """As `get_or_compute`."""
        entry = self._entry_id(key)
        if entry is None:
            return await compute()
        answer: T = await self._computing(ttl, tags, cache_if, cost).aget(entry, compute)
        return answer

    def invalidate(self, key: CacheKey) -> bool:
        """Forgets one answer. True: the service did, whether or not it had one."""
        entry = self._entry_id(key)
        return entry is not None and self._values.forget(entry)

    async def ainvalidate(self, key: CacheKey) -> bool:
        """As `invalidate`."""
        entry = self._entry_id(key)
        return entry is not None and await self._values.aforget(entry)

    def clear(self) -> bool:
        """Forgets everything in the namespace. True: the service did."""
        return self._values.clear()

    async def aclear(self) -> bool:
        """As `clear`."""
        return await self._values.aclear()

    def hit_rate(self) -> float | None:
        """Hits of all lookups, 0 to 1, as `stats` counts them; None while there was none."""
        rate: float | None = self.stats()["hit_rate"]
        return rate

    async def ahit_rate(self) -> float | None:
        """As `hit_rate`."""
        rate: float | None = (await self.astats())["hit_rate"]
        return rate

    def stats(self) -> dict[str, Any]:
        """What the service counted in this namespace, or this object if it does not answer: see `source`."""
        return self._values.stats()

    async def astats(self) -> dict[str, Any]:
        """As `stats`."""
        return await self._values.astats()

    def _computing(
        self,
        ttl: Ttl | None,
        tags: Sequence[str],
        cache_if: CacheIf | None,
        cost: Cost | Mapping[str, Price] | None,
    ) -> Computing:
        judgement = Judgement(cache_if, cost, self._values.notices)
        return Computing(self._values, judgement, ttl or self._ttl, tags, self._coalesce)

    def _entry_id(self, key: CacheKey) -> EntryId | None:
        try:
            return key.entry_id()
        except KeyRefused as refusal:
            self._values.notices.warn("key", str(refusal))
            return None


@functools.lru_cache(maxsize=64)
def get_llm_cache(ttl: Ttl | None = None) -> LLMCache:
    """The LLMCache of this process for that `ttl` (seconds; None: PARACLE_CACHE_TTL, else the service's)."""
    return LLMCache(ttl)

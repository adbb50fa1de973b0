"""JSON values in the fail-open cache, by entry id: what LLMCache and CacheManager share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, TypedDict

from .._failsafe.held import Held
from .._log import Notices
from ..failsafe import AsyncSafeCache, SafeCache
from ..key import EntryId
from ..results import Hit, Miss, Origin
from ..stats import CacheStatsTracker
from . import json_values
from .fill_tokens import FillTokens
from .stats_dict import of_client, of_service
from .ttl import Ttl, seconds


@dataclass
class CacheEntry:
    """A stored value and what is known of it. Times are aware and UTC."""

    value: Any
    created_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    expires_at: datetime | None = None
    hit_count: int = 0

    def is_expired(self) -> bool:
        """Whether `expires_at` is over. A time without a zone is local."""
        return self.expires_at is not None and datetime.now(timezone.utc) > self.expires_at.astimezone()


class _Fill(TypedDict):
    payload: bytes
    content_type: str
    fill_token: bytes
    ttl: float | None


class ValueCache:
    """Gets and sets JSON values. Thread-safe; raises nothing because of the cache or of a value.

    cache, async_cache: None: the one that the process, or the running event loop, shares.
    """

    def __init__(self, name: str, cache: SafeCache | None, async_cache: AsyncSafeCache | None) -> None:
        self.notices = Notices(name)
        self._tracker = CacheStatsTracker(max_cache_size=0)
        self._cache = cache
        self._async_cache = async_cache
        self._tokens = FillTokens()

    @property
    def cache(self) -> SafeCache:
        return self._cache or SafeCache.shared()

    @property
    def async_cache(self) -> AsyncSafeCache:
        return self._async_cache or AsyncSafeCache.shared()

    def get(self, entry: EntryId) -> CacheEntry | None:
        began = time.perf_counter()
        return self._received(entry, self.cache.lookup(entry), began)

    async def aget(self, entry: EntryId) -> CacheEntry | None:
        began = time.perf_counter()
        return self._received(entry, await self.async_cache.lookup(entry), began)

    def set(
        self,
        entry: EntryId,
        value: Any,
        ttl: Ttl | None,
        tags: Sequence[str] = (),
        origin: Origin | None = None,
    ) -> bool:
        """False: it was not stored."""
        fill = self._fill(entry, value, ttl)
        return fill is not None and self.cache.store(entry, **fill, tags=tags, origin=origin)

    async def aset(
        self,
        entry: EntryId,
        value: Any,
        ttl: Ttl | None,
        tags: Sequence[str] = (),
        origin: Origin | None = None,
    ) -> bool:
        """False: it was not stored."""
        fill = self._fill(entry, value, ttl)
        return fill is not None and await self.async_cache.store(entry, **fill, tags=tags, origin=origin)

    def forget(self, entry: EntryId) -> bool:
        self._tokens.forget(entry.digest)
        return self.cache.forget(entry)

    async def aforget(self, entry: EntryId) -> bool:
        self._tokens.forget(entry.digest)
        return await self.async_cache.forget(entry)

    def clear(self) -> bool:
        self._tokens.forget_all()
        return self.cache.clear()

    async def aclear(self) -> bool:
        self._tokens.forget_all()
        return await self.async_cache.clear()

    def stats(self) -> dict[str, Any]:
        """What the service counted, else this object."""
        cache = self.cache
        found = cache.stats()
        return self.own_stats(cache.enabled) if found is None else of_service(found, cache.namespace)

    async def astats(self) -> dict[str, Any]:
        """What the service counted, else this object."""
        cache = self.async_cache
        found = await cache.stats()
        return self.own_stats(cache.enabled) if found is None else of_service(found, cache.namespace)

    def own_stats(self, enabled: bool) -> dict[str, Any]:
        """What this object counted."""
        return of_client(self._tracker, enabled)

    def _received(self, entry: EntryId, found: Hit | Miss | None, began: float) -> CacheEntry | None:
        if isinstance(found, Miss):
            self._tokens.remember(entry.digest, found.fill_token)
        return self.known(found, began)

    def known(self, found: Hit | Miss | Held | None, began: float) -> CacheEntry | None:
        """The value that was found by a lookup that began then; None: none that can be read. Counted."""
        took_ms = (time.perf_counter() - began) * 1e3
        if isinstance(found, Miss | Held):
            self._tracker.record_miss(took_ms)
        if not isinstance(found, Hit) or found.content_type != json_values.JSON:
            return None
        try:
            value = json_values.decode(found.payload)
        except json_values.Unreadable as error:
            self.notices.warn("payload", f"an entry was passed over: {error}")
            return None
        self._tracker.record_hit(took_ms)
        return CacheEntry(value, found.create_time, found.expire_time, found.hit_count)

    def _fill(self, entry: EntryId, value: Any, ttl: Ttl | None) -> _Fill | None:
        try:
            payload, life = json_values.encode(value), seconds(ttl)
        except json_values.NotJson as error:
            self.notices.warn("value", f"not stored: not JSON: {error}")
            return None
        except ValueError as error:
            self.notices.warn("ttl", f"not stored: {error}")
            return None
        token = self._tokens.take(entry.digest)
        return {"payload": payload, "content_type": json_values.JSON, "fill_token": token, "ttl": life}

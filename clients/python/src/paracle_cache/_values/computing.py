"""Gets JSON values or computes them: one lookup, one call of the model, one store."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .._decorated.judgement import Judgement
from .._failsafe.async_lease_keeper import AsyncHeldLease
from .._failsafe.held import Held
from .._failsafe.lease_keeper import HeldLease
from ..key import EntryId
from ..results import Hit, Miss
from . import json_values
from .ttl import Ttl, seconds
from .value_cache import ValueCache


@dataclass(frozen=True, slots=True)
class Computing:
    """How the values of one call are got. Raises what `compute` raises, and nothing because of the cache."""

    values: ValueCache
    judgement: Judgement
    ttl: Ttl | None
    tags: Sequence[str]
    coalesce: bool

    def get(self, entry: EntryId, compute: Callable[[], Any]) -> Any:
        cache, began = self.values.cache, time.perf_counter()
        found = cache.claim(entry) if self.coalesce else cache.lookup(entry)
        if (known := self.values.known(found, began)) is not None:
            return known.value
        with found if isinstance(found, HeldLease) else contextlib.nullcontext():
            began = time.perf_counter()
            value = compute()
            if told := self._told(entry, found, value, time.perf_counter() - began):
                cache.store(entry, **told)
        return value

    async def aget(self, entry: EntryId, compute: Callable[[], Awaitable[Any]]) -> Any:
        cache, began = self.values.async_cache, time.perf_counter()
        found = await (cache.claim(entry) if self.coalesce else cache.lookup(entry))
        if (known := self.values.known(found, began)) is not None:
            return known.value
        async with found if isinstance(found, AsyncHeldLease) else contextlib.nullcontext():
            began = time.perf_counter()
            value = await compute()
            if told := self._told(entry, found, value, time.perf_counter() - began):
                await cache.store(entry, **told)
        return value

    def _told(
        self, entry: EntryId, found: Hit | Miss | Held | None, value: Any, latency: float
    ) -> dict[str, Any] | None:
        """The arguments of the cache's `store`; None: not stored."""
        if not isinstance(found, Miss | Held):
            return None
        made = self.judgement.of_answer(value, entry.model, latency)
        if made.payload is None:
            return None
        return {
            "payload": made.payload,
            "content_type": json_values.JSON,
            "fill_token": found.fill_token,
            "lease": found if isinstance(found, Held) else None,
            "origin": made.origin,
            "ttl": seconds(self.ttl),
            "tags": self.tags,
        }

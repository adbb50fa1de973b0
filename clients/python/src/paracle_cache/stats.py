"""Counts what a cache did in this process: hits, misses, times, tokens, dollars saved.

The service counts for everybody who uses it (`paracle cache stats`, `LLMCache.stats()`); this counts one
process. The decorator records into `get_stats_tracker()`.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from ._locks import renew_in_children


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass
class CacheStats:
    """Counters at one moment. A rate that is not known is None; an average that is not known is 0."""

    hits: int = 0
    misses: int = 0
    total_requests: int = 0
    avg_cached_time_ms: float = 0.0
    avg_uncached_time_ms: float = 0.0
    cached_tokens: int = 0
    """Tokens of the calls that hits made unnecessary."""
    uncached_tokens: int = 0
    """Tokens of the calls that were made."""
    estimated_cost_saved: float = 0.0
    """US dollars that hits saved. Misses add nothing."""
    cache_size: int = 0
    max_cache_size: int = 0
    """0: not limited."""
    evictions: int = 0
    start_time: datetime = field(default_factory=_now)
    last_updated: datetime = field(default_factory=_now)

    @property
    def hit_rate(self) -> float | None:
        """0 to 1; None while there was no request."""
        return self.hits / self.total_requests if self.total_requests else None

    @property
    def miss_rate(self) -> float | None:
        """0 to 1; None while there was no request."""
        return self.misses / self.total_requests if self.total_requests else None

    @property
    def speedup_factor(self) -> float | None:
        """How many times faster a hit is than a call; None while either average is not known."""
        if not self.avg_cached_time_ms or not self.avg_uncached_time_ms:
            return None
        return self.avg_uncached_time_ms / self.avg_cached_time_ms

    @property
    def utilization(self) -> float | None:
        """0 to 1; None when the size is not limited."""
        return min(1.0, self.cache_size / self.max_cache_size) if self.max_cache_size else None

    def to_dict(self) -> dict[str, Any]:
        """Every counter and rate under its name; times as ISO 8601 text."""
        rates = ("hit_rate", "miss_rate", "speedup_factor", "utilization")
        times = ("start_time", "last_updated")
        return (
            dataclasses.asdict(self)
            | {name: getattr(self, name) for name in rates}
            | {name: getattr(self, name).isoformat() for name in times}
        )


class CacheStatsTracker:
    """Records hits and misses as they happen. Thread-safe; of constant size however much is recorded.

    max_cache_size: entries, for the utilization; 0 means not limited.
    """

    def __init__(self, max_cache_size: int = 1000) -> None:
        self.lock = threading.Lock()
        renew_in_children(self)
        self._max_cache_size = max_cache_size
        self.reset()

    def record_hit(self, response_time_ms: float, tokens: int = 0, cost: float | None = None) -> None:
        """Records an answer from the cache.

        cost: US dollars that the original call cost, which is what the hit saved. None, when it is not
        known, counts what the recorded misses cost on average: for each token if both tell tokens, else for
        each miss.
        """
        with self.lock:
            self._stats.hits += 1
            self._stats.total_requests += 1
            self._stats.cached_tokens += tokens
            self._stats.estimated_cost_saved += self._usual_cost(tokens) if cost is None else cost
            self._cached_ms += response_time_ms
            self._updated = time.time()

    def record_miss(self, response_time_ms: float, tokens: int = 0, cost: float = 0.0) -> None:
        """Records a call that had to be made: its time, tokens, and cost in US dollars (0: not known)."""
        with self.lock:
            self._stats.misses += 1
            self._stats.total_requests += 1
            self._stats.uncached_tokens += tokens
            self._uncached_ms += response_time_ms
            if cost:
                self._priced_misses += 1
                self._spent += cost
            if cost and tokens:
                self._priced_tokens += tokens
                self._spent_on_tokens += cost
            self._updated = time.time()

    def record_eviction(self) -> None:
        """Records that an entry was pushed out."""
        with self.lock:
            self._stats.evictions += 1
            self._updated = time.time()

    def update_cache_size(self, size: int) -> None:
        """Sets the number of entries there are now."""
        with self.lock:
            self._stats.cache_size = size
            self._knows_size = True
            self._updated = time.time()

    def get_stats(self) -> CacheStats:
        """The counters now; later records do not change what was returned."""
        with self.lock:
            hits, misses = self._stats.hits, self._stats.misses
            return dataclasses.replace(
                self._stats,
                avg_cached_time_ms=self._cached_ms / hits if hits else 0.0,
                avg_uncached_time_ms=self._uncached_ms / misses if misses else 0.0,
                last_updated=datetime.fromtimestamp(self._updated, timezone.utc),
            )

    def reset(self) -> None:
        """Forgets everything but max_cache_size."""
        with self.lock:
            self._stats = CacheStats(max_cache_size=self._max_cache_size)
            self._cached_ms = self._uncached_ms = 0.0
            self._priced_misses = self._priced_tokens = 0
            self._spent = self._spent_on_tokens = 0.0
            self._knows_size = False
            self._updated = time.time()

    def summary(self) -> str:
        """Lines as `paracle cache stats` prints them, without what is not known. No newline at the end."""
        return _as_text(self.get_stats(), self._knows_size)

    def _usual_cost(self, tokens: int) -> float:
        if tokens and self._priced_tokens:
            return tokens * self._spent_on_tokens / self._priced_tokens
        return self._spent / self._priced_misses if self._priced_misses else 0.0


def _as_text(stats: CacheStats, knows_size: bool) -> str:
    lines = [
        "Cache Statistics:",
        f"  Requests: {stats.total_requests} ({stats.hits} hits, {stats.misses} misses)",
    ]
    if stats.hit_rate is not None:
        lines.append(f"  Hit Rate: {stats.hit_rate * 100:.1f}%")
    if stats.speedup_factor is not None:
        lines.append(f"  Speedup: {stats.speedup_factor:.1f}x faster (cached)")
    lines.append(f"  Cost Saved: ${stats.estimated_cost_saved:.4f}")
    if knows_size and stats.utilization is not None:
        sizes = f"{stats.cache_size}/{stats.max_cache_size}"
        lines.append(f"  Utilization: {stats.utilization * 100:.1f}% ({sizes})")
    if stats.hits:
        lines.append(f"  Average Cached Time: {stats.avg_cached_time_ms:.3f} ms")
    if stats.misses:
        lines.append(f"  Average Uncached Time: {stats.avg_uncached_time_ms:.3f} ms")
    lines.append(f"  Cached Tokens: {stats.cached_tokens}")
    lines.append(f"  Uncached Tokens: {stats.uncached_tokens}")
    return "\n".join(lines)


_shared: dict[str, CacheStatsTracker] = {}


def get_stats_tracker(max_cache_size: int = 1000) -> CacheStatsTracker:
    """The tracker of this process. max_cache_size counts only in the first call."""
    # Of several threads that are first, one wins.
    return _shared.get("") or _shared.setdefault("", CacheStatsTracker(max_cache_size))

"""The dictionary that `stats()` of LLMCache and CacheManager answers. Pure."""

from __future__ import annotations

from typing import Any

from ..results import Counters, Stats
from ..stats import CacheStatsTracker


def of_service(stats: Stats, namespace: str) -> dict[str, Any]:
    """What the service counted in the namespace. A figure that is not known is None."""
    rows = [row.counters for row in stats.by_model if row.namespace == namespace and not row.overflow]
    hits, misses = sum(row.hits for row in rows), sum(row.misses for row in rows)
    return {
        "source": "service",
        "backend": stats.backend,
        "enabled": stats.enabled,
        **_sizes(stats.total),
        **_requests(hits, misses),
        "cached_tokens": sum(row.cached_tokens for row in rows),
        "uncached_tokens": sum(row.uncached_tokens for row in rows),
        "estimated_cost_saved": sum(row.saved_cost_usd for row in rows),
        "evictions": sum(row.evictions for row in rows),
    }


def of_client(tracker: CacheStatsTracker, enabled: bool) -> dict[str, Any]:
    """What one process counted, for when the service does not answer."""
    counted = tracker.get_stats()
    unknown = dict.fromkeys(("backend", "entries", "max_size", "utilization"))
    return {"source": "client", "enabled": enabled, **unknown, **_requests(counted.hits, counted.misses)}


def _requests(hits: int, misses: int) -> dict[str, Any]:
    total = hits + misses
    return {
        "hits": hits,
        "misses": misses,
        "total_requests": total,
        "hit_rate": hits / total if total else None,
    }


def _sizes(total: Counters) -> dict[str, Any]:
    """Of the memory tier as a whole: it is one for all namespaces. max_size 0: not limited by number."""
    return {"entries": total.entries, "max_size": total.max_entries, "utilization": total.utilization}

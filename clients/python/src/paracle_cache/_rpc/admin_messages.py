"""Responses of AdminService as results."""

from .._proto import admin_pb2 as pb
from ..results import Config, Counters, Limits, ModelStats, Setting, SharedTier, Stats
from .messages import to_datetime, to_seconds

_SOURCES = {
    pb.Setting.SOURCE_DEFAULT: "default",
    pb.Setting.SOURCE_FILE: "file",
    pb.Setting.SOURCE_ENVIRONMENT: "environment",
    pb.Setting.SOURCE_FLAG: "flag",
}


def stats(response: pb.GetStatsResponse) -> Stats:
    shared = _shared_tier(response.shared_tier) if response.HasField("shared_tier") else None
    by_model = tuple(
        ModelStats(row.namespace, row.model, _counters(row.stats), row.overflow) for row in response.by_model
    )
    return Stats(_counters(response.total), by_model, response.backend, response.enabled, shared)


def config(response: pb.GetConfigResponse) -> Config:
    settings = tuple(
        Setting(setting.name, setting.value, _SOURCES.get(setting.source, ""))
        for setting in response.settings
    )
    return Config(response.version, settings, _limits(response.limits), frozenset(response.features))


def _counters(stats: pb.Stats) -> Counters:
    return Counters(
        hits=stats.hits,
        misses=stats.misses,
        sets=stats.sets,
        evictions=stats.evictions,
        expirations=stats.expirations,
        invalidations=stats.invalidations,
        hit_rate=stats.hit_rate if stats.HasField("hit_rate") else None,
        miss_rate=stats.miss_rate if stats.HasField("miss_rate") else None,
        cached_tokens=stats.cached_tokens,
        uncached_tokens=stats.uncached_tokens,
        saved_time=to_seconds(stats.saved_time),
        saved_cost_usd=stats.saved_cost_usd,
        average_cached_time=_optional_seconds(stats, "average_cached_time"),
        average_uncached_time=_optional_seconds(stats, "average_uncached_time"),
        speedup=stats.speedup if stats.HasField("speedup") else None,
        entries=stats.entries,
        max_entries=stats.max_entries,
        size_bytes=stats.size_bytes,
        max_size_bytes=stats.max_size_bytes,
        utilization=stats.utilization if stats.HasField("utilization") else None,
        start_time=to_datetime(stats.start_time),
        update_time=to_datetime(stats.update_time),
    )


def _optional_seconds(stats: pb.Stats, field: str) -> float | None:
    return to_seconds(getattr(stats, field)) if stats.HasField(field) else None


def _shared_tier(status: pb.SharedTierStatus) -> SharedTier:
    totals = to_datetime(status.totals_time) if status.HasField("totals_time") else None
    return SharedTier(status.state == pb.SharedTierStatus.STATE_CONNECTED, status.reason, totals)


def _limits(limits: pb.Limits) -> Limits:
    return Limits(
        max_entry_bytes=limits.max_entry_bytes,
        max_message_bytes=limits.max_message_bytes,
        max_batch_entries=limits.max_batch_entries,
        max_batch_response_bytes=limits.max_batch_response_bytes,
        default_ttl=to_seconds(limits.default_ttl),
        max_ttl=to_seconds(limits.max_ttl),
        max_tags=limits.max_tags,
    )

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetStatsRequest(_message.Message):
    __slots__ = ("namespace", "replica_only")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    REPLICA_ONLY_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    replica_only: bool
    def __init__(self, namespace: _Optional[str] = ..., replica_only: bool = ...) -> None: ...

class GetStatsResponse(_message.Message):
    __slots__ = ("total", "by_model", "backend", "enabled", "shared_tier", "leases", "lookup_times")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    BY_MODEL_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    SHARED_TIER_FIELD_NUMBER: _ClassVar[int]
    LEASES_FIELD_NUMBER: _ClassVar[int]
    LOOKUP_TIMES_FIELD_NUMBER: _ClassVar[int]
    total: Stats
    by_model: _containers.RepeatedCompositeFieldContainer[ModelStats]
    backend: str
    enabled: bool
    shared_tier: SharedTierStatus
    leases: LeaseStatus
    lookup_times: LookupTimes
    def __init__(self, total: _Optional[_Union[Stats, _Mapping]] = ..., by_model: _Optional[_Iterable[_Union[ModelStats, _Mapping]]] = ..., backend: _Optional[str] = ..., enabled: bool = ..., shared_tier: _Optional[_Union[SharedTierStatus, _Mapping]] = ..., leases: _Optional[_Union[LeaseStatus, _Mapping]] = ..., lookup_times: _Optional[_Union[LookupTimes, _Mapping]] = ...) -> None: ...

class LookupTimes(_message.Message):
    __slots__ = ("upper_bound_nanos", "counts")
    UPPER_BOUND_NANOS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    upper_bound_nanos: _containers.RepeatedScalarFieldContainer[int]
    counts: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, upper_bound_nanos: _Optional[_Iterable[int]] = ..., counts: _Optional[_Iterable[int]] = ...) -> None: ...

class SharedTierStatus(_message.Message):
    __slots__ = ("state", "reason", "totals_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[SharedTierStatus.State]
        STATE_CONNECTED: _ClassVar[SharedTierStatus.State]
        STATE_DEGRADED: _ClassVar[SharedTierStatus.State]
    STATE_UNSPECIFIED: SharedTierStatus.State
    STATE_CONNECTED: SharedTierStatus.State
    STATE_DEGRADED: SharedTierStatus.State
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TOTALS_TIME_FIELD_NUMBER: _ClassVar[int]
    state: SharedTierStatus.State
    reason: str
    totals_time: _timestamp_pb2.Timestamp
    def __init__(self, state: _Optional[_Union[SharedTierStatus.State, str]] = ..., reason: _Optional[str] = ..., totals_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class LeaseStatus(_message.Message):
    __slots__ = ("held", "waiting", "granted_count", "coalesced_count", "alone", "granted_alone_count", "recordings", "followers")
    HELD_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    GRANTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    COALESCED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ALONE_FIELD_NUMBER: _ClassVar[int]
    GRANTED_ALONE_COUNT_FIELD_NUMBER: _ClassVar[int]
    RECORDINGS_FIELD_NUMBER: _ClassVar[int]
    FOLLOWERS_FIELD_NUMBER: _ClassVar[int]
    held: int
    waiting: int
    granted_count: int
    coalesced_count: int
    alone: bool
    granted_alone_count: int
    recordings: int
    followers: int
    def __init__(self, held: _Optional[int] = ..., waiting: _Optional[int] = ..., granted_count: _Optional[int] = ..., coalesced_count: _Optional[int] = ..., alone: bool = ..., granted_alone_count: _Optional[int] = ..., recordings: _Optional[int] = ..., followers: _Optional[int] = ...) -> None: ...

class ModelStats(_message.Message):
    __slots__ = ("namespace", "model", "stats", "overflow")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STATS_FIELD_NUMBER: _ClassVar[int]
    OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    model: str
    stats: Stats
    overflow: bool
    def __init__(self, namespace: _Optional[str] = ..., model: _Optional[str] = ..., stats: _Optional[_Union[Stats, _Mapping]] = ..., overflow: bool = ...) -> None: ...

class Stats(_message.Message):
    __slots__ = ("hits", "misses", "sets", "evictions", "expirations", "invalidations", "hit_rate", "miss_rate", "cached_tokens", "uncached_tokens", "saved_time", "saved_cost_usd", "average_cached_time", "average_uncached_time", "speedup", "entries", "max_entries", "size_bytes", "max_size_bytes", "utilization", "start_time", "update_time")
    HITS_FIELD_NUMBER: _ClassVar[int]
    MISSES_FIELD_NUMBER: _ClassVar[int]
    SETS_FIELD_NUMBER: _ClassVar[int]
    EVICTIONS_FIELD_NUMBER: _ClassVar[int]
    EXPIRATIONS_FIELD_NUMBER: _ClassVar[int]
    INVALIDATIONS_FIELD_NUMBER: _ClassVar[int]
    HIT_RATE_FIELD_NUMBER: _ClassVar[int]
    MISS_RATE_FIELD_NUMBER: _ClassVar[int]
    CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    UNCACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SAVED_TIME_FIELD_NUMBER: _ClassVar[int]
    SAVED_COST_USD_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_CACHED_TIME_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_UNCACHED_TIME_FIELD_NUMBER: _ClassVar[int]
    SPEEDUP_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    MAX_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    hits: int
    misses: int
    sets: int
    evictions: int
    expirations: int
    invalidations: int
    hit_rate: float
    miss_rate: float
    cached_tokens: int
    uncached_tokens: int
    saved_time: _duration_pb2.Duration
    saved_cost_usd: float
    average_cached_time: _duration_pb2.Duration
    average_uncached_time: _duration_pb2.Duration
    speedup: float
    entries: int
    max_entries: int
    size_bytes: int
    max_size_bytes: int
    utilization: float
    start_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, hits: _Optional[int] = ..., misses: _Optional[int] = ..., sets: _Optional[int] = ..., evictions: _Optional[int] = ..., expirations: _Optional[int] = ..., invalidations: _Optional[int] = ..., hit_rate: _Optional[float] = ..., miss_rate: _Optional[float] = ..., cached_tokens: _Optional[int] = ..., uncached_tokens: _Optional[int] = ..., saved_time: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., saved_cost_usd: _Optional[float] = ..., average_cached_time: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., average_uncached_time: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., speedup: _Optional[float] = ..., entries: _Optional[int] = ..., max_entries: _Optional[int] = ..., size_bytes: _Optional[int] = ..., max_size_bytes: _Optional[int] = ..., utilization: _Optional[float] = ..., start_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ResetStatsRequest(_message.Message):
    __slots__ = ("namespace",)
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    def __init__(self, namespace: _Optional[str] = ...) -> None: ...

class ResetStatsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetConfigRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetConfigResponse(_message.Message):
    __slots__ = ("version", "settings", "limits", "features")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    version: str
    settings: _containers.RepeatedCompositeFieldContainer[Setting]
    limits: Limits
    features: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, version: _Optional[str] = ..., settings: _Optional[_Iterable[_Union[Setting, _Mapping]]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., features: _Optional[_Iterable[str]] = ...) -> None: ...

class Setting(_message.Message):
    __slots__ = ("name", "value", "source")
    class Source(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SOURCE_UNSPECIFIED: _ClassVar[Setting.Source]
        SOURCE_DEFAULT: _ClassVar[Setting.Source]
        SOURCE_FILE: _ClassVar[Setting.Source]
        SOURCE_ENVIRONMENT: _ClassVar[Setting.Source]
        SOURCE_FLAG: _ClassVar[Setting.Source]
    SOURCE_UNSPECIFIED: Setting.Source
    SOURCE_DEFAULT: Setting.Source
    SOURCE_FILE: Setting.Source
    SOURCE_ENVIRONMENT: Setting.Source
    SOURCE_FLAG: Setting.Source
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    source: Setting.Source
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ..., source: _Optional[_Union[Setting.Source, str]] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("max_entry_bytes", "max_message_bytes", "max_batch_entries", "max_batch_response_bytes", "default_ttl", "max_ttl", "max_tags")
    MAX_ENTRY_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_BATCH_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    MAX_BATCH_RESPONSE_BYTES_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_TTL_FIELD_NUMBER: _ClassVar[int]
    MAX_TTL_FIELD_NUMBER: _ClassVar[int]
    MAX_TAGS_FIELD_NUMBER: _ClassVar[int]
    max_entry_bytes: int
    max_message_bytes: int
    max_batch_entries: int
    max_batch_response_bytes: int
    default_ttl: _duration_pb2.Duration
    max_ttl: _duration_pb2.Duration
    max_tags: int
    def __init__(self, max_entry_bytes: _Optional[int] = ..., max_message_bytes: _Optional[int] = ..., max_batch_entries: _Optional[int] = ..., max_batch_response_bytes: _Optional[int] = ..., default_ttl: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., max_ttl: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., max_tags: _Optional[int] = ...) -> None: ...

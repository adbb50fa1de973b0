from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Tier(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIER_UNSPECIFIED: _ClassVar[Tier]
    TIER_MEMORY: _ClassVar[Tier]
    TIER_SHARED: _ClassVar[Tier]
TIER_UNSPECIFIED: Tier
TIER_MEMORY: Tier
TIER_SHARED: Tier

class CacheKey(_message.Message):
    __slots__ = ("provider", "endpoint", "model", "temperature", "max_tokens", "variant", "messages_json", "params_json", "headers_json")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_JSON_FIELD_NUMBER: _ClassVar[int]
    PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    HEADERS_JSON_FIELD_NUMBER: _ClassVar[int]
    provider: str
    endpoint: str
    model: str
    temperature: float
    max_tokens: int
    variant: int
    messages_json: bytes
    params_json: bytes
    headers_json: bytes
    def __init__(self, provider: _Optional[str] = ..., endpoint: _Optional[str] = ..., model: _Optional[str] = ..., temperature: _Optional[float] = ..., max_tokens: _Optional[int] = ..., variant: _Optional[int] = ..., messages_json: _Optional[bytes] = ..., params_json: _Optional[bytes] = ..., headers_json: _Optional[bytes] = ...) -> None: ...

class EntryRef(_message.Message):
    __slots__ = ("namespace", "key", "digest", "provider", "model")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    key: CacheKey
    digest: bytes
    provider: str
    model: str
    def __init__(self, namespace: _Optional[str] = ..., key: _Optional[_Union[CacheKey, _Mapping]] = ..., digest: _Optional[bytes] = ..., provider: _Optional[str] = ..., model: _Optional[str] = ...) -> None: ...

class Origin(_message.Message):
    __slots__ = ("prompt_tokens", "completion_tokens", "cost_usd", "latency")
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_USD_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    latency: _duration_pb2.Duration
    def __init__(self, prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ..., cost_usd: _Optional[float] = ..., latency: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class LeaseRequest(_message.Message):
    __slots__ = ("hold", "wait", "waited")
    HOLD_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    WAITED_FIELD_NUMBER: _ClassVar[int]
    hold: _duration_pb2.Duration
    wait: _duration_pb2.Duration
    waited: _duration_pb2.Duration
    def __init__(self, hold: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., wait: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., waited: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("entry", "lease")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    entry: EntryRef
    lease: LeaseRequest
    def __init__(self, entry: _Optional[_Union[EntryRef, _Mapping]] = ..., lease: _Optional[_Union[LeaseRequest, _Mapping]] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("hit", "miss", "lease", "pending")
    HIT_FIELD_NUMBER: _ClassVar[int]
    MISS_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    hit: Hit
    miss: Miss
    lease: Lease
    pending: Pending
    def __init__(self, hit: _Optional[_Union[Hit, _Mapping]] = ..., miss: _Optional[_Union[Miss, _Mapping]] = ..., lease: _Optional[_Union[Lease, _Mapping]] = ..., pending: _Optional[_Union[Pending, _Mapping]] = ...) -> None: ...

class Hit(_message.Message):
    __slots__ = ("origin", "create_time", "expire_time", "hit_count", "tier", "content_type", "degraded", "payload")
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    HIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    origin: Origin
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    hit_count: int
    tier: Tier
    content_type: str
    degraded: bool
    payload: bytes
    def __init__(self, origin: _Optional[_Union[Origin, _Mapping]] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., hit_count: _Optional[int] = ..., tier: _Optional[_Union[Tier, str]] = ..., content_type: _Optional[str] = ..., degraded: bool = ..., payload: _Optional[bytes] = ...) -> None: ...

class Miss(_message.Message):
    __slots__ = ("fill_token",)
    FILL_TOKEN_FIELD_NUMBER: _ClassVar[int]
    fill_token: bytes
    def __init__(self, fill_token: _Optional[bytes] = ...) -> None: ...

class Lease(_message.Message):
    __slots__ = ("fill_token", "hold")
    FILL_TOKEN_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    fill_token: bytes
    hold: _duration_pb2.Duration
    def __init__(self, fill_token: _Optional[bytes] = ..., hold: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Pending(_message.Message):
    __slots__ = ("lease_expire_time", "retry_after")
    LEASE_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    lease_expire_time: _timestamp_pb2.Timestamp
    retry_after: _duration_pb2.Duration
    def __init__(self, lease_expire_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., retry_after: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class SetRequest(_message.Message):
    __slots__ = ("entry", "content_type", "ttl", "tags", "fill_token", "origin", "payload")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    FILL_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    entry: EntryRef
    content_type: str
    ttl: _duration_pb2.Duration
    tags: _containers.RepeatedScalarFieldContainer[str]
    fill_token: bytes
    origin: Origin
    payload: bytes
    def __init__(self, entry: _Optional[_Union[EntryRef, _Mapping]] = ..., content_type: _Optional[str] = ..., ttl: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., tags: _Optional[_Iterable[str]] = ..., fill_token: _Optional[bytes] = ..., origin: _Optional[_Union[Origin, _Mapping]] = ..., payload: _Optional[bytes] = ...) -> None: ...

class SetResponse(_message.Message):
    __slots__ = ("expire_time", "stored_in")
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    STORED_IN_FIELD_NUMBER: _ClassVar[int]
    expire_time: _timestamp_pb2.Timestamp
    stored_in: _containers.RepeatedScalarFieldContainer[Tier]
    def __init__(self, expire_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., stored_in: _Optional[_Iterable[_Union[Tier, str]]] = ...) -> None: ...

class BatchGetRequest(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[EntryRef]
    def __init__(self, entries: _Optional[_Iterable[_Union[EntryRef, _Mapping]]] = ...) -> None: ...

class BatchGetResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchGetResult]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchGetResult, _Mapping]]] = ...) -> None: ...

class BatchGetResult(_message.Message):
    __slots__ = ("hit", "miss", "too_large", "error")
    HIT_FIELD_NUMBER: _ClassVar[int]
    MISS_FIELD_NUMBER: _ClassVar[int]
    TOO_LARGE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    hit: Hit
    miss: Miss
    too_large: TooLarge
    error: ItemError
    def __init__(self, hit: _Optional[_Union[Hit, _Mapping]] = ..., miss: _Optional[_Union[Miss, _Mapping]] = ..., too_large: _Optional[_Union[TooLarge, _Mapping]] = ..., error: _Optional[_Union[ItemError, _Mapping]] = ...) -> None: ...

class TooLarge(_message.Message):
    __slots__ = ("payload_bytes",)
    PAYLOAD_BYTES_FIELD_NUMBER: _ClassVar[int]
    payload_bytes: int
    def __init__(self, payload_bytes: _Optional[int] = ...) -> None: ...

class ItemError(_message.Message):
    __slots__ = ("code", "message", "reason")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    reason: str
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class BatchSetRequest(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[SetRequest]
    def __init__(self, entries: _Optional[_Iterable[_Union[SetRequest, _Mapping]]] = ...) -> None: ...

class BatchSetResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchSetResult]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchSetResult, _Mapping]]] = ...) -> None: ...

class BatchSetResult(_message.Message):
    __slots__ = ("stored", "error")
    STORED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    stored: SetResponse
    error: ItemError
    def __init__(self, stored: _Optional[_Union[SetResponse, _Mapping]] = ..., error: _Optional[_Union[ItemError, _Mapping]] = ...) -> None: ...

class InvalidateRequest(_message.Message):
    __slots__ = ("namespace", "key", "digest", "tag", "model", "everything", "dry_run")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    EVERYTHING_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    key: CacheKey
    digest: bytes
    tag: str
    model: str
    everything: bool
    dry_run: bool
    def __init__(self, namespace: _Optional[str] = ..., key: _Optional[_Union[CacheKey, _Mapping]] = ..., digest: _Optional[bytes] = ..., tag: _Optional[str] = ..., model: _Optional[str] = ..., everything: bool = ..., dry_run: bool = ...) -> None: ...

class InvalidateResponse(_message.Message):
    __slots__ = ("removed_count", "estimated")
    REMOVED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_FIELD_NUMBER: _ClassVar[int]
    removed_count: int
    estimated: bool
    def __init__(self, removed_count: _Optional[int] = ..., estimated: bool = ...) -> None: ...

class ClearRequest(_message.Message):
    __slots__ = ("namespace",)
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    def __init__(self, namespace: _Optional[str] = ...) -> None: ...

class ClearResponse(_message.Message):
    __slots__ = ("removed_count", "estimated")
    REMOVED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_FIELD_NUMBER: _ClassVar[int]
    removed_count: int
    estimated: bool
    def __init__(self, removed_count: _Optional[int] = ..., estimated: bool = ...) -> None: ...

class RenewLeaseRequest(_message.Message):
    __slots__ = ("entry", "fill_token", "hold")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    FILL_TOKEN_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    entry: EntryRef
    fill_token: bytes
    hold: _duration_pb2.Duration
    def __init__(self, entry: _Optional[_Union[EntryRef, _Mapping]] = ..., fill_token: _Optional[bytes] = ..., hold: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class RenewLeaseResponse(_message.Message):
    __slots__ = ("hold",)
    HOLD_FIELD_NUMBER: _ClassVar[int]
    hold: _duration_pb2.Duration
    def __init__(self, hold: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ReleaseLeaseRequest(_message.Message):
    __slots__ = ("entry", "fill_token")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    FILL_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entry: EntryRef
    fill_token: bytes
    def __init__(self, entry: _Optional[_Union[EntryRef, _Mapping]] = ..., fill_token: _Optional[bytes] = ...) -> None: ...

class ReleaseLeaseResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RecordRequest(_message.Message):
    __slots__ = ("start", "chunk", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: RecordStart
    chunk: bytes
    end: RecordEnd
    def __init__(self, start: _Optional[_Union[RecordStart, _Mapping]] = ..., chunk: _Optional[bytes] = ..., end: _Optional[_Union[RecordEnd, _Mapping]] = ...) -> None: ...

class RecordStart(_message.Message):
    __slots__ = ("entry", "fill_token", "content_type")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    FILL_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    entry: EntryRef
    fill_token: bytes
    content_type: str
    def __init__(self, entry: _Optional[_Union[EntryRef, _Mapping]] = ..., fill_token: _Optional[bytes] = ..., content_type: _Optional[str] = ...) -> None: ...

class RecordEnd(_message.Message):
    __slots__ = ("ttl", "tags", "origin")
    TTL_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    ttl: _duration_pb2.Duration
    tags: _containers.RepeatedScalarFieldContainer[str]
    origin: Origin
    def __init__(self, ttl: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., tags: _Optional[_Iterable[str]] = ..., origin: _Optional[_Union[Origin, _Mapping]] = ...) -> None: ...

class RecordResponse(_message.Message):
    __slots__ = ("expire_time", "stored_in")
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    STORED_IN_FIELD_NUMBER: _ClassVar[int]
    expire_time: _timestamp_pb2.Timestamp
    stored_in: _containers.RepeatedScalarFieldContainer[Tier]
    def __init__(self, expire_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., stored_in: _Optional[_Iterable[_Union[Tier, str]]] = ...) -> None: ...

class FollowRequest(_message.Message):
    __slots__ = ("entry", "keep_alive")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    KEEP_ALIVE_FIELD_NUMBER: _ClassVar[int]
    entry: EntryRef
    keep_alive: _duration_pb2.Duration
    def __init__(self, entry: _Optional[_Union[EntryRef, _Mapping]] = ..., keep_alive: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class FollowResponse(_message.Message):
    __slots__ = ("start", "chunks", "keep_alive", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    KEEP_ALIVE_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: FollowStart
    chunks: FollowChunks
    keep_alive: KeepAlive
    end: FollowEnd
    def __init__(self, start: _Optional[_Union[FollowStart, _Mapping]] = ..., chunks: _Optional[_Union[FollowChunks, _Mapping]] = ..., keep_alive: _Optional[_Union[KeepAlive, _Mapping]] = ..., end: _Optional[_Union[FollowEnd, _Mapping]] = ...) -> None: ...

class FollowStart(_message.Message):
    __slots__ = ("content_type", "live")
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    LIVE_FIELD_NUMBER: _ClassVar[int]
    content_type: str
    live: bool
    def __init__(self, content_type: _Optional[str] = ..., live: bool = ...) -> None: ...

class FollowChunks(_message.Message):
    __slots__ = ("chunks",)
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    chunks: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, chunks: _Optional[_Iterable[bytes]] = ...) -> None: ...

class KeepAlive(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FollowEnd(_message.Message):
    __slots__ = ("origin", "create_time", "expire_time")
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    origin: Origin
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, origin: _Optional[_Union[Origin, _Mapping]] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

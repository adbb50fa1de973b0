"""Requests and responses as protobuf messages: pure functions, shared by the sync and the asyncio client."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from .._proto import cache_pb2 as pb
from ..errors import CacheError, from_number
from ..key import CacheKey, EntryId
from ..results import Hit, Lease, Miss, Origin, Pending, Removed, SetItem, Stored, Tier, TooLarge

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_TIERS = {tier.value: tier for tier in Tier}


def entry_ref(namespace: str, key: CacheKey | EntryId) -> pb.EntryRef:
    """Raises KeyRefused."""
    entry = key.entry_id() if isinstance(key, CacheKey) else key
    return pb.EntryRef(namespace=namespace, digest=entry.digest, provider=entry.provider, model=entry.model)


def get_request(namespace: str, key: CacheKey | EntryId) -> pb.GetRequest:
    return pb.GetRequest(entry=entry_ref(namespace, key))


def lease_request(
    namespace: str, key: CacheKey | EntryId, hold: float | None, wait: float, waited: float = 0.0
) -> pb.GetRequest:
    """waited: seconds that the caller has waited for this answer in Gets before this one."""
    lease = pb.LeaseRequest(hold=to_duration(hold), wait=to_duration(wait), waited=to_duration(waited))
    return pb.GetRequest(entry=entry_ref(namespace, key), lease=lease)


def set_request(namespace: str, item: SetItem, default_ttl: float | None) -> pb.SetRequest:
    request = pb.SetRequest(
        entry=entry_ref(namespace, item.key),
        payload=item.payload,
        content_type=item.content_type,
        ttl=to_duration(default_ttl if item.ttl is None else item.ttl),
        tags=item.tags,
        fill_token=item.fill_token,
    )
    if item.origin is not None:
        told = item.origin
        request.origin.prompt_tokens = told.prompt_tokens
        request.origin.completion_tokens = told.completion_tokens
        request.origin.cost_usd = told.cost_usd
        if told.latency is not None:
            request.origin.latency.FromNanoseconds(round(told.latency * 1e9))
    return request


def batch_get_request(namespace: str, keys: Iterable[CacheKey | EntryId]) -> pb.BatchGetRequest:
    return pb.BatchGetRequest(entries=[entry_ref(namespace, key) for key in keys])


def batch_set_request(
    namespace: str, items: Iterable[SetItem], default_ttl: float | None
) -> pb.BatchSetRequest:
    return pb.BatchSetRequest(entries=[set_request(namespace, item, default_ttl) for item in items])


def invalidate_request(
    namespace: str,
    key: CacheKey | EntryId | None,
    tag: str | None,
    model: str | None,
    everything: bool,
    dry_run: bool,
) -> pb.InvalidateRequest:
    """Raises ValueError unless exactly one target is given: everything is never what was left out."""
    if sum((key is not None, tag is not None, model is not None, everything)) != 1:
        raise ValueError("invalidate: accepted is exactly one of key, tag, model, everything=True")
    request = pb.InvalidateRequest(namespace=namespace, dry_run=dry_run)
    if key is not None:
        request.digest = entry_ref(namespace, key).digest
    elif tag is not None:
        request.tag = tag
    elif model is not None:
        request.model = model
    else:
        request.everything = True
    return request


def renew_request(
    namespace: str, key: CacheKey | EntryId, fill_token: bytes, hold: float | None
) -> pb.RenewLeaseRequest:
    entry = entry_ref(namespace, key)
    return pb.RenewLeaseRequest(entry=entry, fill_token=fill_token, hold=to_duration(hold))


def release_request(namespace: str, key: CacheKey | EntryId, fill_token: bytes) -> pb.ReleaseLeaseRequest:
    return pb.ReleaseLeaseRequest(entry=entry_ref(namespace, key), fill_token=fill_token)


def hit_or_miss(response: pb.GetResponse) -> Hit | Miss:
    """Of a Get without a lease. An outcome that this client does not know is a miss."""
    if response.HasField("hit"):
        return _hit(response.hit)
    return Miss(response.miss.fill_token)


def outcome(response: pb.GetResponse) -> Hit | Miss | Lease | Pending:
    """Of a Get with a lease."""
    if response.HasField("lease"):
        return Lease(response.lease.fill_token, to_seconds(response.lease.hold))
    if response.HasField("pending"):
        pending = response.pending
        expires = to_datetime(pending.lease_expire_time) if pending.HasField("lease_expire_time") else None
        return Pending(expires, to_seconds(pending.retry_after))
    return hit_or_miss(response)


def stored(response: pb.SetResponse | pb.RecordResponse) -> Stored:
    expires = to_datetime(response.expire_time) if response.HasField("expire_time") else None
    return Stored(expires, tuple(_tier(tier) for tier in response.stored_in))


def batch_get_results(response: pb.BatchGetResponse) -> list[Hit | Miss | TooLarge | CacheError]:
    return [_batch_get_result(result) for result in response.results]


def batch_set_results(response: pb.BatchSetResponse) -> list[Stored | CacheError]:
    return [
        _item_error(result.error) if result.HasField("error") else stored(result.stored)
        for result in response.results
    ]


def removed(response: pb.InvalidateResponse | pb.ClearResponse) -> Removed:
    return Removed(response.removed_count, response.estimated)


def to_duration(seconds: float | timedelta | None) -> Duration | None:
    """Raises ValueError for what is not a finite number of seconds."""
    if seconds is None:
        return None
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if not math.isfinite(seconds):
        raise ValueError(f"{seconds!r}: accepted are finite seconds")
    whole = math.trunc(seconds)
    return Duration(seconds=whole, nanos=round((seconds - whole) * 1_000_000_000))


def to_seconds(duration: Duration) -> float:
    return duration.seconds + duration.nanos / 1e9


def to_datetime(time: Timestamp) -> datetime:
    return _EPOCH + timedelta(0, time.seconds, time.nanos // 1000)


def _hit(hit: pb.Hit) -> Hit:
    return Hit(
        hit.payload,
        hit.content_type,
        origin(hit.origin),
        to_datetime(hit.create_time),
        to_datetime(hit.expire_time),
        hit.hit_count,
        _tier(hit.tier),
        hit.degraded,
    )


def origin(told: pb.Origin) -> Origin:
    latency = to_seconds(told.latency) if told.HasField("latency") else None
    return Origin(told.prompt_tokens, told.completion_tokens, told.cost_usd, latency)


def _tier(number: int) -> Tier:
    return _TIERS.get(number, Tier.UNSPECIFIED)


def _batch_get_result(result: pb.BatchGetResult) -> Hit | Miss | TooLarge | CacheError:
    which = result.WhichOneof("outcome")
    if which == "hit":
        return _hit(result.hit)
    if which == "too_large":
        return TooLarge(result.too_large.payload_bytes)
    if which == "error":
        return _item_error(result.error)
    return Miss(result.miss.fill_token)


def _item_error(error: pb.ItemError) -> CacheError:
    return from_number(error.code, error.message, error.reason)

"""What is asked, in every form that a part of the drill needs. `clients/go/internal/leaseload` asks the same."""

from google.protobuf.duration_pb2 import Duration
from paracle_cache._proto import cache_pb2 as pb
from paracle_cache.key import CacheKey


def name_of(number: int) -> str:
    return f"k{number}"


def key_of(name: str) -> CacheKey:
    return CacheKey(provider="fake", model="counting", messages=[{"role": "user", "content": name}])


def entry_of(name: str) -> pb.EntryRef:
    entry = key_of(name).entry_id()
    return pb.EntryRef(digest=entry.digest, provider=entry.provider, model=entry.model)


def duration(seconds: float) -> Duration:
    made = Duration()
    made.FromNanoseconds(round(seconds * 1e9))
    return made


def lease_request(name: str, wait: float, hold: float | None = None) -> pb.GetRequest:
    lease = pb.LeaseRequest(wait=duration(wait), hold=None if hold is None else duration(hold))
    return pb.GetRequest(entry=entry_of(name), lease=lease)

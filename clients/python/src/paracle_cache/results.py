"""What the RPCs answer, as types. All are immutable. Times are aware datetimes in UTC, durations are seconds."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .key import CacheKey, EntryId


class Tier(enum.IntEnum):
    """Where an answer is kept. Tiers that this client does not know are UNSPECIFIED."""

    UNSPECIFIED = 0
    MEMORY = 1
    SHARED = 2


@dataclass(frozen=True, slots=True)
class Origin:
    """What the original model call cost; 0 and None: not known. The savings of the ledger are made of these."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    """US dollars that one hit saves."""
    latency: float | None = None
    """Seconds that the model took."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A stored answer."""

    payload: bytes
    """The answer, byte for byte as it was stored."""
    content_type: str
    origin: Origin
    create_time: datetime
    expire_time: datetime
    hit_count: int
    """Hits on this entry in the server that answered, this one included."""
    tier: Tier
    degraded: bool
    """The shared tier could not be asked, so an invalidation made elsewhere may not be known here yet."""


@dataclass(frozen=True, slots=True)
class Miss:
    """There is no answer: call the model, then `set` its answer with `fill_token`."""

    fill_token: bytes
    """Opaque. Makes sure that an answer computed before an invalidation never lands after it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """There is no answer, and the caller is the one to make the model call; then `set` or `release_lease`."""

    fill_token: bytes
    hold: float
    """Seconds that the lease holds from now; `renew_lease` every third of it."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody else is making the model call."""

    lease_expire_time: datetime | None
    retry_after: float
    """Seconds to wait before asking again."""


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A batch found the answer, but its response was full: fetch it with `get`."""

    payload_bytes: int


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer was accepted. Empty `stored_in`: it was not kept, because the cache is off or cannot hold it."""

    expire_time: datetime | None
    stored_in: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """What an invalidation removed, or with `dry_run` would remove."""

    count: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class SetItem:
    """One entry of `batch_set`; the fields are the arguments of `set`."""

    key: CacheKey | EntryId
    payload: bytes
    content_type: str = ""
    ttl: float | timedelta | None = None
    tags: Sequence[str] = ()
    fill_token: bytes = b""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    """Counters of the ledger and what follows from them. None: not known, which is not zero."""

    hits: int
    misses: int
    sets: int
    evictions: int
    expirations: int
    invalidations: int
    hit_rate: float | None
    miss_rate: float | None
    cached_tokens: int
    """Tokens of the original calls that hits made unnecessary."""
    uncached_tokens: int
    saved_time: float
    """Seconds of model time that hits saved."""
    saved_cost_usd: float
    average_cached_time: float | None
    average_uncached_time: float | None
    speedup: float | None
    entries: int
    """This and what follows tell of the memory tier, and only in the total over all namespaces."""
    max_entries: int
    """0: not limited by number."""
    size_bytes: int
    max_size_bytes: int
    utilization: float | None
    start_time: datetime
    update_time: datetime


@dataclass(frozen=True, slots=True)
class ModelStats:
    """The counters of one namespace and model. `overflow`: of all that are beyond the server's limit of labels."""

    namespace: str
    model: str
    counters: Counters
    overflow: bool


@dataclass(frozen=True, slots=True)
class SharedTier:
    """The Redis or Valkey that all servers share, as the server that answers sees it."""

    connected: bool
    reason: str
    """Why it is not connected, for people."""
    totals_time: datetime | None
    """When the sum over all servers was last read."""


@dataclass(frozen=True, slots=True)
class Stats:
    """What the cache did and saved since `total.start_time`."""

    total: Counters
    by_model: tuple[ModelStats, ...]
    backend: str
    enabled: bool
    shared_tier: SharedTier | None


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of the server. `source`: "default", "file", "environment", "flag" or "" (not told)."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What requests are held to; sizes in bytes, lives in seconds."""

    max_entry_bytes: int
    max_message_bytes: int
    max_batch_entries: int
    max_batch_response_bytes: int
    default_ttl: float
    max_ttl: float
    max_tags: int


@dataclass(frozen=True, slots=True)
class Config:
    """How the server is set up, and what it can do beyond the first release (`features`: "leases", ...)."""

    version: str
    settings: tuple[Setting, ...]
    limits: Limits
    features: frozenset[str]

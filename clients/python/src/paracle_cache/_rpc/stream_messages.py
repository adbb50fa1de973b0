"""Messages of Record and Follow: pure functions and states, shared by the sync and the asyncio client."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timezone

from .._proto import cache_pb2 as pb
from ..key import EntryId
from ..results import Hit, Origin, SetItem, Tier
from . import messages

_SHORTEST_KEEP_ALIVE = 0.05  # Seconds. Both are the server's bounds.
_LONGEST_KEEP_ALIVE = 60.0


def record_start(namespace: str, entry: EntryId, fill_token: bytes, content_type: str) -> pb.RecordRequest:
    ref = messages.entry_ref(namespace, entry)
    start = pb.RecordStart(entry=ref, fill_token=fill_token, content_type=content_type)
    return pb.RecordRequest(start=start)


def record_chunk(chunk: bytes) -> pb.RecordRequest:
    return pb.RecordRequest(chunk=chunk)


def record_end(namespace: str, item: SetItem, default_ttl: float | None) -> pb.RecordRequest:
    request = messages.set_request(namespace, item, default_ttl)
    end = pb.RecordEnd(tags=request.tags)
    if request.HasField("ttl"):
        end.ttl.CopyFrom(request.ttl)
    if request.HasField("origin"):
        end.origin.CopyFrom(request.origin)
    return pb.RecordRequest(end=end)


def follow_request(namespace: str, entry: EntryId, timeout: float) -> pb.FollowRequest:
    """timeout: seconds within which every message must come."""
    keep_alive = min(max(timeout / 3, _SHORTEST_KEEP_ALIVE), _LONGEST_KEEP_ALIVE)
    ref = messages.entry_ref(namespace, entry)
    return pb.FollowRequest(entry=ref, keep_alive=messages.to_duration(keep_alive))


class Followed:
    """What has come of an answer that is followed. Not thread-safe."""

    def __init__(self) -> None:
        self.content_type = ""
        self.is_live = False
        self.chunks: deque[bytes] = deque()
        """Those that nobody has taken."""
        self.end: pb.FollowEnd | None = None

    @property
    def is_open(self) -> bool:
        """Enough has come to begin with: a chunk of what is being recorded, or all of what was stored."""
        return self.end is not None or (self.is_live and bool(self.chunks))

    def receive(self, message: pb.FollowResponse) -> None:
        """Takes a message in. Parts that this client does not know are passed over."""
        part = message.WhichOneof("part")
        if part == "start":
            self.content_type, self.is_live = message.start.content_type, message.start.live
        elif part == "chunks":
            self.chunks.extend(message.chunks.chunks)
        elif part == "end":
            self.end = message.end

    @property
    def origin(self) -> Origin:
        """What the call cost; known at the end."""
        return messages.origin((self.end or pb.FollowEnd()).origin)

    def hit(self) -> Hit:
        """All of it. REQUIRES: `end` has come, and nothing was taken."""
        end = self.end or pb.FollowEnd()
        created = messages.to_datetime(end.create_time) if end.HasField("create_time") else _now()
        expires = messages.to_datetime(end.expire_time) if end.HasField("expire_time") else _now()
        payload = b"".join(self.chunks)
        return Hit(payload, self.content_type, self.origin, created, expires, 0, Tier.UNSPECIFIED, False)


def _now() -> datetime:
    return datetime.now(timezone.utc)

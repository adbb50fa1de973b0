"""Records an answer while it comes, beside its reader, who waits for none of it but the end."""

from __future__ import annotations

import queue
from typing import Any

import grpc

from .._rpc import messages, stream_messages
from ..client import Client
from ..errors import FORKED, CacheError, Cancelled, TimedOut, from_rpc
from ..results import SetItem, Stored
from .held import Held


class LiveRecording:
    """One Record. For one caller: not thread-safe. What it was given and has not sent is bounded by its caller."""

    def __init__(self, client: Client, held: Held, content_type: str) -> None:
        """Raises CacheError."""
        self._client = client
        self._namespace = client.settings.namespace
        self._feed: queue.SimpleQueue[Any] = queue.SimpleQueue()
        start = stream_messages.record_start(self._namespace, held.entry, held.fill_token, content_type)
        self._feed.put(start)
        self._call = client.start_stream("record", iter(self._feed.get, None))

    def add(self, chunk: bytes) -> None:
        if chunk and not self._call.done():
            self._feed.put(stream_messages.record_chunk(chunk))

    def cancel(self) -> None:
        """The answer will not be stored. Those who follow it learn that now."""
        self._call.cancel()
        self._feed.put(None)

    def finish(self, item: SetItem) -> Stored:
        """The answer is whole; waits until it is stored, one timeout of the client at most. Raises CacheError."""
        settings = self._client.settings
        self._feed.put(stream_messages.record_end(self._namespace, item, settings.ttl))
        self._feed.put(None)
        try:
            return messages.stored(self._call.result(settings.timeout))
        except grpc.FutureTimeoutError:
            self._call.cancel()
            raise TimedOut(grpc.StatusCode.DEADLINE_EXCEEDED, "a recording was not acknowledged") from None
        except grpc.FutureCancelledError:
            raise ended_by_us() from None
        except grpc.RpcError as error:
            raise from_rpc(error) from None


def ended_by_us() -> CacheError:
    """A stream was cut by a fork or by closing the client: that is no failure of the cache."""
    return Cancelled(grpc.StatusCode.CANCELLED, "ended by this process", FORKED)

"""Records generators chunk by chunk while they run, so that they can be replayed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, Generator
from typing import Any

from .._failsafe.held import Held
from .._log import Notices
from .._values import json_values


class Recording:
    """Copies the chunks of one stream as JSON text, before their reader changes them. Not thread-safe.

    Gives up for good, and frees what it had, when they pass `limit` bytes together or one is not JSON. Under a lease,
    it gives that back then, and until then lets others follow.
    """

    def __init__(self, limit: int, notices: Notices, lease: Held | None = None) -> None:
        self._chunks: list[bytes] | None = []
        self._room = limit - len(b"[]")
        self._notices = notices
        self._lease = lease
        self.waited = 0.0
        """Seconds spent in the function, not in its reader."""

    def add(self, chunk: Any) -> None:
        if self._chunks is None:
            return
        try:
            text = json_values.encode(chunk)
        except json_values.NotJson as error:
            self.spoil(f"streams are not stored: a chunk is not JSON: {error}")
            return
        self._chunks.append(text)
        self._room -= len(text) + len(b",")
        if self._room < 0:
            self.spoil("a stream was not stored: it is over the service's limit for an entry")
        else:
            self._tell((b"[" if len(self._chunks) == 1 else b",") + text)

    def spoil(self, why: str) -> None:
        """The stream cannot be replayed from its chunks."""
        self._chunks = None
        if self._lease is not None:
            self._lease.give_back()
        self._notices.warn("stream", why)

    def payload(self) -> bytes | None:
        """All chunks as a JSON array; None if it gave up. Call it when the stream has ended by itself."""
        if self._chunks is None:
            return None
        if not self._chunks:
            self._tell(b"[")
        self._tell(b"]")
        return b"[" + b",".join(self._chunks) + b"]"

    def _tell(self, piece: bytes) -> None:
        if self._lease is not None and self._lease.recording is not None:
            self._lease.recording.add(piece)


class RecordedGenerator(Generator[Any, Any, Any]):
    """A generator that behaves as `source` in every way, and records what it yields."""

    def __init__(self, source: Generator[Any, Any, Any], recording: Recording) -> None:
        self._source = source
        self._recording = recording

    def send(self, value: Any) -> Any:
        if value is not None:
            self._recording.spoil("streams are not stored: what was sent into the generator shaped them")
        return self._step(self._source.send, value)

    def throw(self, *details: Any) -> Any:
        self._recording.spoil("streams are not stored: an exception was thrown into the generator")
        return self._step(self._source.throw, *details)

    def close(self) -> None:
        self._source.close()

    def _step(self, resume: Any, *values: Any) -> Any:
        began = time.perf_counter()
        try:
            chunk = resume(*values)
        except StopIteration as end:
            if end.value is not None:
                self._recording.spoil(
                    "streams are not stored: the generator returns a value, a replay cannot"
                )
            raise
        finally:
            self._recording.waited += time.perf_counter() - began
        self._recording.add(chunk)
        return chunk


async def recorded(
    source: AsyncGenerator[Any, None], recording: Recording | None
) -> AsyncGenerator[Any, None]:
    """What `source` yields, recorded if `recording` is not None. Closes `source` when it is closed."""
    async with contextlib.aclosing(source):
        began = time.perf_counter()
        async for chunk in source:
            if recording is not None:
                recording.waited += time.perf_counter() - began
                recording.add(chunk)
            yield chunk
            began = time.perf_counter()
        if recording is not None:
            recording.waited += time.perf_counter() - began

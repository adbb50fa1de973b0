"""Recording and following for one event loop. See live_recording.py and following.py."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio

from .. import aio
from .._rpc import messages, stream_messages
from ..errors import Aborted, CacheError, Cancelled, TimedOut, Unavailable, from_rpc
from ..key import EntryId
from ..results import Hit, Origin, SetItem, Stored
from .following import Broken, Note, WaitOver
from .held import Held
from .live_recording import ended_by_us


class AsyncLiveRecording:
    """`LiveRecording` on an event loop."""

    def __init__(self, client: aio.Client, held: Held, content_type: str) -> None:
        """Raises CacheError."""
        self._client = client
        self._feed: asyncio.Queue[Any] = asyncio.Queue()
        namespace = client.settings.namespace
        start = stream_messages.record_start(namespace, held.entry, held.fill_token, content_type)
        self._feed.put_nowait(start)
        self._call: Any = client.start_stream("record", self._parts())

    def add(self, chunk: bytes) -> None:
        if chunk and not self._call.done():
            self._feed.put_nowait(stream_messages.record_chunk(chunk))

    def cancel(self) -> None:
        """The answer will not be stored. Those who follow it learn that now."""
        self._call.cancel()

    async def finish(self, item: SetItem) -> Stored:
        """The answer is whole; waits until it is stored, one timeout of the client at most. Raises CacheError."""
        settings = self._client.settings
        self._feed.put_nowait(stream_messages.record_end(settings.namespace, item, settings.ttl))
        self._feed.put_nowait(None)
        watchdog = _Watchdog(self._call, settings.timeout)
        try:
            return messages.stored(await self._call)
        except grpc.RpcError as error:
            raise watchdog.reason(error) from None
        except asyncio.CancelledError:
            if watchdog.is_silent:
                raise watchdog.silence() from None
            raise
        finally:
            watchdog.stop()

    async def _parts(self) -> AsyncIterator[Any]:
        while (part := await self._feed.get()) is not None:
            yield part


class AsyncFollowing:
    """`Following` on an event loop."""

    def __init__(self, client: aio.Client, entry: EntryId, note: Note) -> None:
        """Raises CacheError. note: is told what ends it, for the circuit."""
        self._timeout = client.settings.timeout
        self._note = note
        self._state = stream_messages.Followed()
        request = stream_messages.follow_request(client.settings.namespace, entry, self._timeout)
        self._call: Any = client.start_stream("follow", request)

    async def open(self, until: float) -> Hit | None:
        """Waits for the first chunk, in seconds of time.monotonic; the answer itself if it was stored before.

        Raises CacheError, Aborted when there is nothing to follow; WaitOver.
        """
        while not self._state.is_open:
            if time.monotonic() >= until:
                raise WaitOver
            await self._receive()
        return None if self._state.is_live else self._state.hit()

    @property
    def content_type(self) -> str:
        return self._state.content_type

    @property
    def origin(self) -> Origin:
        """What the call cost, known at the end."""
        return self._state.origin

    async def next(self) -> bytes | None:
        """The next chunk as it was recorded; None: the answer is complete. Raises Broken."""
        try:
            while not self._state.chunks:
                if self._state.end is not None:
                    return None
                await self._receive()
        except CacheError as error:
            self._note(error)
            raise Broken(str(error), ask_again=isinstance(error, Aborted)) from None
        return self._state.chunks.popleft()

    def close(self) -> None:
        self._call.cancel()

    def __enter__(self) -> AsyncFollowing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _receive(self) -> None:
        watchdog = _Watchdog(self._call, self._timeout)
        try:
            message = await self._call.read()
        except grpc.RpcError as error:
            raise watchdog.reason(error) from None
        except asyncio.CancelledError:
            # So grpc.aio says both that the call and that the task was cancelled.
            if watchdog.is_silent:
                raise watchdog.silence() from None
            raise
        finally:
            watchdog.stop()
        if message is grpc.aio.EOF:
            raise Unavailable(grpc.StatusCode.UNAVAILABLE, "a stream ended without its end")
        self._state.receive(message)


class _Watchdog:
    """Cancels a call that is silent for `timeout` seconds."""

    def __init__(self, call: Any, timeout: float) -> None:
        self.is_silent = False
        self._call = call
        self._timer = asyncio.get_running_loop().call_later(timeout, self._abandon)

    def stop(self) -> None:
        self._timer.cancel()

    def reason(self, error: grpc.RpcError) -> CacheError:
        """What an error of the call means."""
        if self.is_silent:
            return self.silence()
        failure = from_rpc(error)
        return ended_by_us() if isinstance(failure, Cancelled) else failure

    def silence(self) -> CacheError:
        return TimedOut(grpc.StatusCode.DEADLINE_EXCEEDED, "a stream was silent for the timeout")

    def _abandon(self) -> None:
        self.is_silent = True
        self._call.cancel()

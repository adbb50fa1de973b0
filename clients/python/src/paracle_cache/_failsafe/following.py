"""Follows an answer that somebody else is recording."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import grpc

from .. import _fork
from .._locks import renew_in_children
from .._rpc import stream_messages
from ..client import Client
from ..errors import Aborted, CacheError, Cancelled, TimedOut, Unavailable, from_rpc
from ..key import EntryId
from ..results import Hit, Origin
from .live_recording import ended_by_us

Note = Callable[[Exception], None]


class Broken(Exception):
    """The answer did not come to its end. What came is no answer; it is to be asked for, or made, anew."""

    def __init__(self, text: str, *, ask_again: bool = False) -> None:
        """ask_again: the cache is well, and somebody is to make the call. Else: call the model."""
        super().__init__(text)
        self.ask_again = ask_again


class Following:
    """One Follow. For one reader; `close` it. Every message must come within the client's timeout."""

    def __init__(self, client: Client, entry: EntryId, note: Note) -> None:
        """Raises CacheError. note: is told what ends it, for the circuit."""
        self._timeout = client.settings.timeout
        self._note = note
        self._state = stream_messages.Followed()
        request = stream_messages.follow_request(client.settings.namespace, entry, self._timeout)
        self._call: Any = client.start_stream("follow", request)
        self.is_silent = False
        self.late_at: float | None = None
        """When the message that is waited for should be there; None: nobody waits."""
        _watchdog.watch(self)

    def open(self, until: float) -> Hit | None:
        """Waits for the first chunk, in seconds of time.monotonic; the answer itself if it was stored before.

        Raises CacheError, Aborted when there is nothing to follow; WaitOver.
        """
        while not self._state.is_open:
            if time.monotonic() >= until:
                raise WaitOver
            self._receive()
        return None if self._state.is_live else self._state.hit()

    @property
    def content_type(self) -> str:
        return self._state.content_type

    @property
    def origin(self) -> Origin:
        """What the call cost, known at the end."""
        return self._state.origin

    def next(self) -> bytes | None:
        """The next chunk as it was recorded; None: the answer is complete. Raises Broken."""
        try:
            while not self._state.chunks:
                if self._state.end is not None:
                    return None
                self._receive()
        except CacheError as error:
            self._note(error)
            raise Broken(str(error), ask_again=isinstance(error, Aborted)) from None
        return self._state.chunks.popleft()

    def close(self) -> None:
        _watchdog.forget(self)
        self._call.cancel()

    def __enter__(self) -> Following:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def abandon(self) -> None:
        """Nothing came in time: what waits for it is to stop."""
        self.is_silent = True
        self._call.cancel()

    def _receive(self) -> None:
        self.late_at = time.monotonic() + self._timeout
        try:
            message = next(self._call, None)
        except grpc.RpcError as error:
            if self.is_silent:
                raise TimedOut(
                    grpc.StatusCode.DEADLINE_EXCEEDED, "a stream was silent for the timeout"
                ) from None
            failure = from_rpc(error)
            raise (ended_by_us() if isinstance(failure, Cancelled) else failure) from None
        finally:
            self.late_at = None
        if message is None:
            raise Unavailable(grpc.StatusCode.UNAVAILABLE, "a stream ended without its end")
        self._state.receive(message)


class WaitOver(Exception):
    """PARACLE_CACHE_LEASE_WAIT is over before the answer began."""


class _Watchdog:
    """Ends what waits too long for a message: a read of gRPC has no timeout. One thread, while anything is followed."""

    _PAUSE = 0.05  # Seconds. So much later than its timeout a silence is noticed.

    def __init__(self) -> None:
        self.lock = threading.Lock()
        renew_in_children(self)
        self._watched: weakref.WeakSet[Following] = weakref.WeakSet()
        self._generation = -1

    def watch(self, following: Following) -> None:
        with self.lock:
            is_running = self._generation == _fork.generation
            if not is_running:
                self._watched.clear()  # What the parent of a fork follows is not ours.
            self._generation = _fork.generation
            self._watched.add(following)
            if is_running:
                return
        with suppress(RuntimeError):  # The interpreter is shutting down.
            threading.Thread(target=self._run, name="paracle-cache-watch", daemon=True).start()

    def forget(self, following: Following) -> None:
        with self.lock:
            self._watched.discard(following)

    def _run(self) -> None:
        while True:
            time.sleep(self._PAUSE)
            with self.lock:
                watched = list(self._watched)
                if not watched:
                    self._generation = -1
                    return
            now = time.monotonic()
            while watched:  # Taken out, so that nothing is kept for being watched.
                _abandon_if_late(watched.pop(), now)


def _abandon_if_late(following: Following, now: float) -> None:
    if (late_at := following.late_at) is not None and now > late_at:
        following.abandon()


_watchdog = _Watchdog()

"""Which fill token belongs to the answer that is being set: the one of the miss that its caller saw."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict

from .._locks import renew_in_children

_MOST_KEYS = 1024
_MOST_CALLERS = 64  # of one key

_Caller = tuple[int, int]


class FillTokens:
    """Remembers fill tokens between a `get` and the `set` that follows it. Thread-safe. Bounded: old ones go.

    A token tells the service when a fill began, so that an answer computed before an invalidation never
    lands after it. Two callers may compute an answer for one key with an invalidation between their misses,
    so each has its own: the thread, and the asyncio task in it. A caller without one takes the oldest of
    the key, which is refused too often rather than accepted wrongly.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        renew_in_children(self)
        self._by_key: OrderedDict[bytes, dict[_Caller, bytes]] = OrderedDict()

    def remember(self, digest: bytes, token: bytes) -> None:
        """The present caller's lookup missed."""
        with self.lock:
            by_caller = self._by_key.setdefault(digest, {})
            self._by_key.move_to_end(digest)
            by_caller.pop(_caller(), None)
            if len(by_caller) < _MOST_CALLERS:
                by_caller[_caller()] = token
            if len(self._by_key) > _MOST_KEYS:
                self._by_key.popitem(last=False)

    def take(self, digest: bytes) -> bytes:
        """The token for a set by the present caller; empty when there is none."""
        with self.lock:
            by_caller = self._by_key.get(digest)
            if not by_caller:
                return b""
            caller = _caller()
            token = by_caller.pop(caller if caller in by_caller else next(iter(by_caller)))
            if not by_caller:
                del self._by_key[digest]
            return token

    def forget(self, digest: bytes) -> None:
        """The present caller invalidated the key: what it sets next is newer than that."""
        with self.lock:
            self._by_key.get(digest, {}).pop(_caller(), None)

    def forget_all(self) -> None:
        """The present caller cleared the namespace."""
        with self.lock:
            for by_caller in self._by_key.values():
                by_caller.pop(_caller(), None)


def _caller() -> _Caller:
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no event loop runs in this thread
        task = None
    return threading.get_ident(), id(task)

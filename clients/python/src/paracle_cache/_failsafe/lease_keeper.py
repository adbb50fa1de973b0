"""Keeps the leases of one process while its model calls go on, in the background."""

from __future__ import annotations

import atexit
import contextlib
import heapq
import itertools
import queue
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from .. import _fork
from ..key import EntryId
from ..results import Lease
from .held import Held, Place

_LAST_WORDS = 0.25  # Seconds that the end of the process or of a cache waits for leases to go back.


class HeldLease(Held):
    """`with` gives it back, unless it was filled."""

    __slots__ = ("_told",)

    def __init__(
        self,
        entry: EntryId,
        lease: Lease,
        place: Place,
        end: Callable[[Held, bool], None],
        told: Callable[[], None],
    ) -> None:
        super().__init__(entry, lease, place, end)
        self._told = told

    def __enter__(self) -> HeldLease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        was_open = self.is_open
        self.give_back()
        if was_open and kind is not None and issubclass(kind, SystemExit | KeyboardInterrupt):
            self._told()  # The process may be about to end, and then the background ends with it.


@dataclass(frozen=True, slots=True)
class _Ended:
    """A lease ended; `entry` when it is to go back."""

    entry: EntryId | None
    fill_token: bytes


@dataclass(frozen=True, slots=True)
class _Flush:
    """All that was said before is to be done; with `end`, no lease is to be held afterwards."""

    end: bool
    done: threading.Event = field(default_factory=threading.Event)


class LeaseKeeper:
    """Renews leases every third of their hold, and gives back those that end unfilled. Thread-safe.

    One daemon thread for all of them, which is there while one is held. Who ends a lease does not wait for it.
    """

    def __init__(
        self, renew: Callable[[Held], float | None], release: Callable[[EntryId, bytes], object]
    ) -> None:
        """renew: the seconds that the lease holds from now; None: no answer. Neither raises."""
        self._renew = renew
        self._release = release
        self._generation = _fork.generation
        self._lock = threading.Lock()
        self._is_running = False
        # The only way to the thread: its `put` may be called from a finalizer, in the midst of anything.
        self._inbox: queue.SimpleQueue[weakref.ref[Held] | _Ended | _Flush] = queue.SimpleQueue()
        _keepers.add(self)

    def take(self, entry: EntryId, lease: Lease, place: Place) -> HeldLease:
        """From now on the lease is kept, until its holder ends it."""
        held = HeldLease(entry, lease, place, self._ended, self.flush)
        with self._lock:
            self._inbox.put(weakref.ref(held))
            if not self._is_running:
                self._is_running = _began(self._run)
        return held

    def flush(self, patience: float = _LAST_WORDS, *, end: bool = False) -> None:
        """Waits until what ended has gone back, at most `patience` seconds. `end`: all that is held goes back."""
        if self._generation != _fork.generation:
            return
        message = _Flush(end)
        with self._lock:
            if not self._is_running:
                return
            self._inbox.put(message)
        message.done.wait(patience)

    def _ended(self, held: Held, back: bool) -> None:
        self._inbox.put(_Ended(held.entry if back else None, held.fill_token))

    def _run(self) -> None:
        count = 0
        due: list[_Due] = []
        while not (count == 0 and self._may_end()):
            message = self._next(due)
            if message is None:
                self._renew_first(due)
            elif isinstance(message, _Ended):
                count -= 1
                if message.entry is not None:
                    self._release(message.entry, message.fill_token)
            elif isinstance(message, _Flush):
                if message.end:
                    _give_back_all(due)
                    self._inbox.put(_Flush(end=False, done=message.done))
                else:
                    message.done.set()
            else:
                count += 1
                if (held := message()) is not None:
                    heapq.heappush(due, _due(message, held.hold))
                del held

    def _may_end(self) -> bool:
        with self._lock:
            self._is_running = not self._inbox.empty()
            return not self._is_running

    def _next(self, due: list[_Due]) -> weakref.ref[Held] | _Ended | _Flush | None:
        """What was said; None: the first renewal is due."""
        with contextlib.suppress(queue.Empty):
            return self._inbox.get(timeout=max(0.0, due[0][0] - time.monotonic()) if due else None)
        return None

    def _renew_first(self, due: list[_Due]) -> None:
        _, _, ref = heapq.heappop(due)
        held = ref()
        if held is None or not held.is_open:
            return
        held.hold = self._renew(held) or held.hold
        if held.is_open:
            heapq.heappush(due, _due(ref, held.hold))


_Due = tuple[float, int, "weakref.ref[Held]"]
_numbers = itertools.count()
_keepers: weakref.WeakSet[LeaseKeeper] = weakref.WeakSet()


def _due(ref: weakref.ref[Held], hold: float) -> _Due:
    return time.monotonic() + hold / 3, next(_numbers), ref


def _give_back_all(due: list[_Due]) -> None:
    for _, _, ref in due:
        if (held := ref()) is not None:
            held.give_back()


def _began(work: Callable[[], None]) -> bool:
    with contextlib.suppress(RuntimeError):  # The interpreter is shutting down.
        threading.Thread(target=work, name="paracle-cache-leases", daemon=True).start()
        return True
    return False


@atexit.register
def _end_all() -> None:
    for keeper in list(_keepers):
        keeper.flush(end=True)

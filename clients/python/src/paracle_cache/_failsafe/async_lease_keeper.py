"""Keeps the leases of one event loop while its model calls go on. See lease_keeper.py."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any

from ..key import EntryId
from ..results import Lease
from .held import Held, Place

_LAST_WORDS = 0.25  # Seconds that the end of the loop or of a cache waits for leases to go back.
_COURTESY = (
    0.02  # Seconds that whoever is cancelled leaves for the lease to go back, as the loop may end next.
)


class AsyncHeldLease(Held):
    """`async with` gives it back, unless it was filled."""

    __slots__ = ("_sent",)

    def __init__(
        self,
        entry: EntryId,
        lease: Lease,
        place: Place,
        end: Callable[[Held, bool], None],
        sent: Callable[[float], Awaitable[None]],
    ) -> None:
        super().__init__(entry, lease, place, end)
        self._sent = sent

    async def __aenter__(self) -> AsyncHeldLease:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()
        if kind is None or issubclass(kind, Exception):
            await self._sent(0.0)
        elif not issubclass(kind, GeneratorExit):  # A coroutine that is closed cannot wait for anything.
            with contextlib.suppress(asyncio.CancelledError):  # It is leaving already, for the first reason.
                await self._sent(_COURTESY)


class AsyncLeaseKeeper:
    """Renews leases every third of their hold, and gives back those that end unfilled. For one event loop.

    One timer for all of them, which is there while one is held, and one task while renewals go on. Who ends a lease
    does not wait for it.
    """

    def __init__(
        self,
        renew: Callable[[Held], Awaitable[float | None]],
        release: Callable[[EntryId, bytes, float | None], Awaitable[object]],
    ) -> None:
        """renew: the seconds that the lease holds from now; None: no answer. Neither raises."""
        self._renew = renew
        self._release = release
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: list[_Due] = []
        self._timer: asyncio.TimerHandle | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._releasing: set[asyncio.Task[None]] = set()

    def take(self, entry: EntryId, lease: Lease, place: Place) -> AsyncHeldLease:
        """From now on the lease is kept, until its holder ends it."""
        self._loop = asyncio.get_running_loop()
        held = AsyncHeldLease(entry, lease, place, self._ended, self.sent)
        self._schedule(weakref.ref(held), held.hold)
        return held

    async def sent(self, patience: float = _LAST_WORDS) -> None:
        """Waits until what ended has gone back, at most `patience` seconds; with 0, until that has begun."""
        if self._releasing:
            await asyncio.wait(self._releasing, timeout=patience)

    async def end(self) -> None:
        """All that is held goes back."""
        for _, _, ref in self._due:
            if (held := ref()) is not None:
                held.give_back()
        await self.sent()

    def _ended(self, held: Held, back: bool) -> None:
        if not back or self._loop is None:
            return
        with contextlib.suppress(RuntimeError):  # The loop is closed: the lease ends by itself.
            if asyncio._get_running_loop() is self._loop:
                self._give_back(held.entry, held.fill_token)
            else:  # A finalizer, in another thread or after the loop has stopped.
                self._loop.call_soon_threadsafe(self._give_back, held.entry, held.fill_token)

    def _give_back(self, entry: EntryId, fill_token: bytes) -> None:
        task = self._begin(self._release_now(entry, fill_token))
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)

    async def _release_now(self, entry: EntryId, fill_token: bytes) -> None:
        try:
            await self._release(entry, fill_token, None)
        except asyncio.CancelledError:
            # asyncio.run cancels what is left when its main ends, and waits for it. That must not cost the lease.
            await self._release(entry, fill_token, _LAST_WORDS)
            raise

    def _schedule(self, ref: weakref.ref[Held], hold: float) -> None:
        loop = asyncio.get_running_loop()
        heapq.heappush(self._due, (loop.time() + hold / 3, next(_numbers), ref))
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._renewing is None:
            self._timer = loop.call_at(self._due[0][0], self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._renewing = self._begin(self._renew_all_due())

    async def _renew_all_due(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._due and (self._due[0][0] <= loop.time() or not _is_open(self._due[0][2])):
                _, _, ref = heapq.heappop(self._due)
                await self._renew_one(ref)
        finally:
            self._renewing = None
            if self._due and not loop.is_closed():
                self._timer = loop.call_at(self._due[0][0], self._wake)

    async def _renew_one(self, ref: weakref.ref[Held]) -> None:
        held = ref()
        if held is None or not held.is_open:
            return
        held.hold = await self._renew(held) or held.hold
        if held.is_open:
            self._schedule(ref, held.hold)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # a loop that ends has nothing to complain of
        return task


_Due = tuple[float, int, "weakref.ref[Held]"]
_numbers = itertools.count()


def _is_open(ref: weakref.ref[Held]) -> bool:
    return (held := ref()) is not None and held.is_open

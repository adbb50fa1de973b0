"""AsyncSafeCache: see failsafe.py."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, ParamSpec, TypeVar

from .. import aio
from .._log import warn_once
from ..errors import (
    Aborted,
    CacheError,
    FailedPrecondition,
    ResourceExhausted,
    SettingsError,
    Unimplemented,
)
from ..key import CacheKey, EntryId
from ..results import Hit, Lease, Miss, Origin, Pending, SetItem, Stats, Stored
from .async_lease_keeper import AsyncHeldLease, AsyncLeaseKeeper
from .async_streams import AsyncFollowing, AsyncLiveRecording
from .following import WaitOver
from .guard import MAX_ENTRY_BYTES, Guard
from .held import Held, Place, is_held_here

_P = ParamSpec("_P")
_T = TypeVar("_T")

_BETWEEN_FOLLOWS = 0.01  # Seconds, when the server says that somebody is at it and that nobody is.


class AsyncSafeCache:
    """`SafeCache` for one event loop: the one that it is first used on. Cancelling a call cancels it as always."""

    def __init__(self, client: aio.Client | None = None) -> None:
        """None: a client from the environment; if that cannot be read, one warning, and the cache is off."""
        self._client = _client_of_environment() if client is None else client
        self._guard = Guard(self._client.settings.endpoint if self._client is not None else "")
        self._background = _Background()
        self._keeper = AsyncLeaseKeeper(self._renew, self._release)

    @classmethod
    def shared(cls) -> AsyncSafeCache:
        """The one of the running event loop, from the environment. Those of loops that were closed are let go."""
        loop = asyncio.get_running_loop()
        found = _shared.get(loop)
        if found is None:
            for closed in [other for other in list(_shared) if other.is_closed()]:
                _shared.pop(closed, None)
            found = _shared[loop] = cls()
        return found

    @property
    def enabled(self) -> bool:
        """False: the settings say so or cannot be read. A cache that is sick is enabled."""
        return self._client is not None and self._client.enabled

    @property
    def namespace(self) -> str:
        """Whose entries these are; empty when the settings cannot be read."""
        return self._client.settings.namespace if self._client is not None else ""

    @property
    def max_entry_bytes(self) -> int:
        """The largest payload that the server stores: asked for in the background, 3 MiB until it is known."""
        return self._guard.max_entry_bytes if self.enabled else MAX_ENTRY_BYTES

    async def lookup(self, key: CacheKey | EntryId) -> Hit | Miss | None:
        """None: not asked, or no answer. Call the model, and store nothing."""
        if self._client is None or not self._client.enabled:
            return None
        return await self._ask(self._client.get, key)

    async def claim(self, entry: EntryId) -> Hit | Miss | AsyncHeldLease | None:
        """As `SafeCache.claim`. Cancelling it leaves at once."""
        if self._client is None or not self._client.enabled:
            return None
        place = Place(self._client.settings.endpoint, self._client.settings.namespace)
        if is_held_here(place, entry):
            return await self._ask(self._client.get, entry)
        found = await self._ask(self._client.get_or_wait, entry)
        return self._keeper.take(entry, found, place) if isinstance(found, Lease) else found

    async def claim_stream(self, entry: EntryId) -> Hit | Miss | AsyncHeldLease | AsyncFollowing | None:
        """As `SafeCache.claim_stream`. Cancelling it leaves at once."""
        if self._client is None or not self._client.enabled:
            return None
        place = Place(self._client.settings.endpoint, self._client.settings.namespace)
        if is_held_here(place, entry):
            return await self._ask(self._client.get, entry)
        over = time.monotonic() + self._client.settings.lease_wait
        while True:
            found = await self._ask(self._client.try_lease, entry)
            if isinstance(found, Lease):
                return self._keeper.take(entry, found, place)
            if not isinstance(found, Pending):
                return found
            followed = await self._ask(self._follow, self._client, entry, over)
            if not isinstance(followed, Pending):
                return followed
            if time.monotonic() >= over:
                return await self._ask(self._client.get, entry)
            await asyncio.sleep(_BETWEEN_FOLLOWS)

    def record(self, held: Held, content_type: str) -> None:
        """As `SafeCache.record`; on the loop."""
        if self._client is not None and held.is_open and self._guard.admit() is not None:
            with contextlib.suppress(CacheError):
                held.recording = AsyncLiveRecording(self._client, held, content_type)

    async def store(
        self,
        key: CacheKey | EntryId,
        payload: bytes,
        *,
        content_type: str,
        fill_token: bytes,
        origin: Origin | None = None,
        ttl: float | None = None,
        tags: Sequence[str] = (),
        lease: Held | None = None,
    ) -> bool:
        """Stores what the model answered after a Miss or under a lease, with its `fill_token`; False: not stored."""
        if self._client is None or not self._client.enabled or not self._guard.fits(payload):
            return False
        if lease is not None and not lease.is_open:
            return False
        item = SetItem(key, payload, content_type, ttl, tags, fill_token, origin)
        stored = await self._ask(_put, self._client, item, lease)
        if stored is not None and lease is not None:
            lease.settle()
        return stored is not None and bool(stored.stored_in)

    async def forget(self, key: CacheKey | EntryId) -> bool:
        """Invalidates one answer; False: the cache could not be told."""
        if self._client is None or not self._client.enabled:
            return False
        return await self._ask(self._client.invalidate, key) is not None

    async def clear(self) -> bool:
        """Forgets every answer of the namespace; False: the cache could not be told."""
        if self._client is None or not self._client.enabled:
            return False
        return await self._ask(self._client.clear) is not None

    async def stats(self) -> Stats | None:
        """The server's ledger over all namespaces; None: no answer."""
        if self._client is None or not self._client.enabled:
            return None
        return await self._ask(self._client.stats)

    async def close(self) -> None:
        """Ends the connection and the background's work. Idempotent."""
        self._background.stop()
        await self._keeper.end()
        if self._client is not None:
            await self._client.close()

    async def _ask(self, rpc: Callable[_P, Awaitable[_T]], *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        ticket = self._guard.admit()
        if ticket is None:
            return None
        try:
            answer = await rpc(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  # the promise of this layer; a cancellation is none
            if self._guard.failed(ticket, error):
                self._background.later(self._guard.probe_delay(), self._probe)
            return None
        if self._guard.succeeded(ticket):
            self._background.later(0, self._read_limits)
        return answer

    async def _follow(
        self, client: aio.Client, entry: EntryId, over: float
    ) -> Hit | AsyncFollowing | Pending:
        """Pending: there is nothing to follow."""
        following = AsyncFollowing(client, entry, self._note)
        try:
            hit = await following.open(over)
        except (Aborted, WaitOver):
            following.close()
            return Pending(None, 0.0)
        except BaseException:
            following.close()
            raise
        if hit is None:
            return following
        following.close()
        return hit

    def _note(self, error: Exception) -> None:
        """What ended a stream counts as what ends a call."""
        ticket = self._guard.admit()
        if ticket is None or isinstance(error, Aborted):
            return
        if self._guard.failed(ticket, error):
            self._background.later(self._guard.probe_delay(), self._probe)

    async def _renew(self, held: Held) -> float | None:
        return None if self._client is None else await self._ask(_renewed, self._client, held)

    async def _release(self, entry: EntryId, fill_token: bytes, timeout: float | None) -> None:
        if self._client is not None:
            await self._ask(self._client.release_lease, entry, fill_token, timeout=timeout)

    async def _probe(self) -> None:
        if await self._is_serving():
            self._guard.close()
            await self._read_limits()
        else:
            self._background.later(self._guard.probe_delay(), self._probe)

    async def _is_serving(self) -> bool:
        try:
            return self._client is not None and await self._client.health()
        except CacheError:
            return False

    async def _read_limits(self) -> None:
        try:
            if self._client is not None:
                self._guard.max_entry_bytes = (await self._client.config()).limits.max_entry_bytes
        except CacheError:
            pass  # The default does; the next opening and closing asks again.


class _Background:
    """Work beside the user's calls. Between two pieces of it there is a timer and no task, so that a loop which ends
    meanwhile has nothing pending to complain of; a task that is running then is cut without a word."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    def later(self, delay: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if not self._stopped:
            self._timer = asyncio.get_running_loop().call_later(delay, self._begin, work)

    def stop(self) -> None:
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._task = asyncio.get_running_loop().create_task(work())
        self._task._log_destroy_pending = False  # type: ignore[attr-defined]


# Values hold their loops, so this cannot be weak: `shared` sweeps it.
_shared: dict[asyncio.AbstractEventLoop, AsyncSafeCache] = {}


async def _put(client: aio.Client, item: SetItem, lease: Held | None) -> Stored:
    recording = lease.recording if lease is not None else None
    if isinstance(recording, AsyncLiveRecording):
        try:
            return await recording.finish(item)
        except (ResourceExhausted, Unimplemented):
            pass  # There was no room to record it, and the lease is ours still.
    return await client.set(
        item.key,
        item.payload,
        content_type=item.content_type,
        ttl=item.ttl,
        tags=item.tags,
        fill_token=item.fill_token,
        origin=item.origin,
    )


async def _renewed(client: aio.Client, held: Held) -> float:
    try:
        return await client.renew_lease(held.entry, held.fill_token)
    except FailedPrecondition:
        held.settle()  # It was lost. The answer is its caller's all the same.
        return held.hold


def _client_of_environment() -> aio.Client | None:
    try:
        return aio.Client()
    except SettingsError as error:
        warn_once(f"the cache is off: {error}")
        return None

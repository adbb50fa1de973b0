"""SafeCache: see failsafe.py."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from .. import _fork
from .._log import warn_once
from ..client import Client
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
from .following import Following, WaitOver
from .guard import MAX_ENTRY_BYTES, Guard
from .held import Held, Place, is_held_here
from .lease_keeper import HeldLease, LeaseKeeper
from .live_recording import LiveRecording

_P = ParamSpec("_P")
_T = TypeVar("_T")

_BETWEEN_FOLLOWS = 0.01  # Seconds, when the server says that somebody is at it and that nobody is.


class SafeCache:
    """Thread-safe and fork-safe. A method costs at most the client's timeout, and nothing while the cache is sick."""

    def __init__(self, client: Client | None = None) -> None:
        """None: a client from the environment; if that cannot be read, one warning, and the cache is off."""
        self._client = _client_of_environment() if client is None else client
        self._by_generation: dict[int, _Process] = {}

    @classmethod
    def shared(cls) -> SafeCache:
        """The one of this process, from the environment. Forked workers go on using it."""
        return _shared.get("") or _shared.setdefault("", cls())

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
        return self._process().guard.max_entry_bytes if self.enabled else MAX_ENTRY_BYTES

    def lookup(self, key: CacheKey | EntryId) -> Hit | Miss | None:
        """None: not asked, or no answer. Call the model, and store nothing."""
        if self._client is None or not self._client.enabled:
            return None
        return self._ask(self._client.get, key)

    def claim(self, entry: EntryId) -> Hit | Miss | HeldLease | None:
        """`lookup` for who is going to call the model: while somebody else makes that call, waits for its answer.

        HeldLease: others wait for this caller. Call the model in its `with`, and `store` with it. At most
        PARACLE_CACHE_LEASE_WAIT; while the cache is sick, or for what the present context holds itself, not at all.
        """
        if self._client is None or not self._client.enabled:
            return None
        place = Place(self._client.settings.endpoint, self._client.settings.namespace)
        if is_held_here(place, entry):
            return self._ask(self._client.get, entry)
        found = self._ask(self._client.get_or_wait, entry)
        return self._process().keeper.take(entry, found, place) if isinstance(found, Lease) else found

    def claim_stream(self, entry: EntryId) -> Hit | Miss | HeldLease | Following | None:
        """`claim` for an answer that is wanted in pieces: one that somebody else is making is followed as it comes.

        Following: to be closed. A server without streams is asked as by `lookup`.
        """
        if self._client is None or not self._client.enabled:
            return None
        place = Place(self._client.settings.endpoint, self._client.settings.namespace)
        if is_held_here(place, entry):
            return self._ask(self._client.get, entry)
        over = time.monotonic() + self._client.settings.lease_wait
        while True:
            found = self._ask(self._client.try_lease, entry)
            if isinstance(found, Lease):
                return self._process().keeper.take(entry, found, place)
            if not isinstance(found, Pending):
                return found
            followed = self._ask(self._follow, self._client, entry, over)
            if not isinstance(followed, Pending):
                return followed
            if time.monotonic() >= over:
                return self._ask(self._client.get, entry)
            time.sleep(_BETWEEN_FOLLOWS)

    def record(self, held: Held, content_type: str) -> None:
        """Lets others follow what is given to `held.recording` from now on. Nothing if that cannot be had."""
        if self._client is not None and held.is_open and self._process().guard.admit() is not None:
            with contextlib.suppress(CacheError):
                held.recording = LiveRecording(self._client, held, content_type)

    def store(
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
        if self._client is None or not self._client.enabled or not self._process().guard.fits(payload):
            return False
        if lease is not None and not lease.is_open:
            return False
        item = SetItem(key, payload, content_type, ttl, tags, fill_token, origin)
        stored = self._ask(_put, self._client, item, lease)
        if stored is not None and lease is not None:
            lease.settle()
        return stored is not None and bool(stored.stored_in)

    def forget(self, key: CacheKey | EntryId) -> bool:
        """Invalidates one answer; False: the cache could not be told."""
        if self._client is None or not self._client.enabled:
            return False
        return self._ask(self._client.invalidate, key) is not None

    def clear(self) -> bool:
        """Forgets every answer of the namespace; False: the cache could not be told."""
        if self._client is None or not self._client.enabled:
            return False
        return self._ask(self._client.clear) is not None

    def stats(self) -> Stats | None:
        """The server's ledger over all namespaces; None: no answer."""
        if self._client is None or not self._client.enabled:
            return None
        return self._ask(self._client.stats)

    def close(self) -> None:
        """Ends the connection and the background's work. Idempotent."""
        if (process := self._by_generation.get(_fork.generation)) is not None:
            process.keeper.flush(end=True)
            process.stopped.set()
        if self._client is not None:
            self._client.close()

    def _ask(self, rpc: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        process = self._process()
        guard = process.guard
        ticket = guard.admit()
        if ticket is None:
            return None
        try:
            answer = rpc(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  # the promise of this layer
            if guard.failed(ticket, error):
                process.begin(self._probe)
            return None
        if guard.succeeded(ticket):
            process.begin(self._read_limits)
        return answer

    def _process(self) -> _Process:
        process = self._by_generation.get(_fork.generation)
        if process is None:
            endpoint = self._client.settings.endpoint if self._client is not None else ""
            keeper = LeaseKeeper(self._renew, self._release)
            process = self._by_generation.setdefault(_fork.generation, _Process(endpoint, keeper))
        return process

    def _follow(self, client: Client, entry: EntryId, over: float) -> Hit | Following | Pending:
        """Pending: there is nothing to follow."""
        following = Following(client, entry, self._note)
        try:
            hit = following.open(over)
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
        process = self._process()
        ticket = process.guard.admit()
        if ticket is None or isinstance(error, Aborted):
            return
        if process.guard.failed(ticket, error):
            process.begin(self._probe)

    def _renew(self, held: Held) -> float | None:
        return None if self._client is None else self._ask(_renewed, self._client, held)

    def _release(self, entry: EntryId, fill_token: bytes) -> None:
        if self._client is not None:
            self._ask(self._client.release_lease, entry, fill_token)

    def _probe(self, process: _Process) -> None:
        while not process.stopped.wait(process.guard.probe_delay()):
            if self._is_serving():
                process.guard.close()
                self._read_limits(process)
                return

    def _is_serving(self) -> bool:
        try:
            return self._client is not None and self._client.health()
        except CacheError:
            return False

    def _read_limits(self, process: _Process) -> None:
        try:
            if self._client is not None:
                process.guard.max_entry_bytes = self._client.config().limits.max_entry_bytes
        except CacheError:
            pass  # The default does; the next opening and closing asks again.


# By "", because setdefault settles, without a lock that a fork could catch held, which of two threads was first.
_shared: dict[str, SafeCache] = {}


class _Process:
    """What belongs to one process: a child of a fork gets its own, with locks nobody holds."""

    def __init__(self, endpoint: str, keeper: LeaseKeeper) -> None:
        self.guard = Guard(endpoint)
        self.keeper = keeper
        self.stopped = threading.Event()

    def begin(self, work: Callable[[_Process], None]) -> None:
        """Runs `work` in the background; a daemon, so that it keeps no process alive."""
        with contextlib.suppress(RuntimeError):  # The interpreter is shutting down.
            threading.Thread(target=work, args=(self,), name="paracle-cache", daemon=True).start()


def _put(client: Client, item: SetItem, lease: Held | None) -> Stored:
    recording = lease.recording if lease is not None else None
    if isinstance(recording, LiveRecording):
        try:
            return recording.finish(item)
        except (ResourceExhausted, Unimplemented):
            pass  # There was no room to record it, and the lease is ours still.
    return client.set(
        item.key,
        item.payload,
        content_type=item.content_type,
        ttl=item.ttl,
        tags=item.tags,
        fill_token=item.fill_token,
        origin=item.origin,
    )


def _renewed(client: Client, held: Held) -> float:
    try:
        return client.renew_lease(held.entry, held.fill_token)
    except FailedPrecondition:
        held.settle()  # It was lost. The answer is its caller's all the same.
        return held.hold


def _client_of_environment() -> Client | None:
    try:
        return Client()
    except SettingsError as error:
        warn_once(f"the cache is off: {error}")
        return None

"""SafeCache: see failsafe.py."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from .. import _fork
from .._log import warn_once
from ..client import Client
from ..errors import CacheError, FailedPrecondition, SettingsError
from ..key import CacheKey, EntryId
from ..results import Hit, Lease, Miss, Origin, Stats
from .guard import MAX_ENTRY_BYTES, Guard
from .held import Held, Place, is_held_here
from .lease_keeper import HeldLease, LeaseKeeper

_P = ParamSpec("_P")
_T = TypeVar("_T")


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
        stored = self._ask(
            self._client.set,
            key,
            payload,
            content_type=content_type,
            ttl=ttl,
            tags=tags,
            fill_token=fill_token,
            origin=origin,
        )
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

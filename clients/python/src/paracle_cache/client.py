"""The cache for whoever wants to know what went wrong. Agents want `failsafe`, or what is built on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any

import grpc

from . import _fork
from ._proto import admin_pb2, cache_pb2
from ._rpc import admin_messages, messages
from ._rpc.channel import HEALTH_REQUEST, SERVING, ChannelPlan, Rpcs, call_metadata, check_usable
from ._rpc.waiting import Features, Waiting
from ._settings import ClientSettings
from ._version import VERSION
from .errors import FORKED, CacheError, Cancelled, PermissionDenied, Unimplemented, from_rpc, interrupted
from .key import CacheKey, EntryId
from .results import Config, Hit, Lease, Miss, Origin, Pending, Removed, SetItem, Stats, Stored, TooLarge


class Client:
    """One namespace of one cache. Thread-safe and fork-safe: a child opens a connection of its own when it first asks.

    Options that are None come from PARACLE_CACHE_* and else are defaults (docs/clients.md lists them). The connection
    is made by the first call. Every method takes at most `timeout` seconds (default 0.5), retries included, and raises
    CacheError when the cache did not answer as asked, KeyRefused for a key that is none.

    With `enabled` false nothing is sent: lookups miss, nothing is stored, and what needs a server raises Disabled.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        namespace: str | None = None,
        token: str | None = None,
        cacert: str | None = None,
        cert: str | None = None,
        key: str | None = None,
        ttl: float | None = None,
        enabled: bool | None = None,
        timeout: float | None = None,
        lease_wait: float | None = None,
    ) -> None:
        """Raises SettingsError for an option or a variable that cannot be read.

        endpoint: "host:port", "unix:/path" or "dns:///host:port".
        token: sent as a bearer token; only over TLS, a unix socket or loopback.
        cacert, cert, key: paths of PEM files. `cacert` turns TLS on; `cert` and `key` go together.
        ttl: life in seconds of what is stored without one of its own; None: the server's default.
        timeout: seconds for any one RPC. lease_wait: seconds that `get_or_wait` waits in all.
        """
        self.settings = ClientSettings.from_env(
            endpoint=endpoint,
            namespace=namespace,
            token=token,
            cacert=cacert,
            cert=cert,
            key=key,
            ttl=ttl,
            enabled=enabled,
            timeout=timeout,
            lease_wait=lease_wait,
        )
        self._plan = ChannelPlan.of(self.settings, VERSION)
        self._metadata = call_metadata(self.settings)
        self._namespace = self.settings.namespace
        self._features = Features()
        self._closed = False
        self._opening = threading.Lock()
        self._opened: Rpcs | None = None

    @property
    def enabled(self) -> bool:
        return self.settings.enabled

    def get(self, key: CacheKey | EntryId, *, timeout: float | None = None) -> Hit | Miss:
        """Looks up one answer."""
        if not self.enabled:
            return Miss(b"")
        request = messages.get_request(self._namespace, key)
        return messages.hit_or_miss(self._call("get", request, timeout))

    def get_or_wait(
        self, key: CacheKey | EntryId, *, hold: float | None = None, wait: float | None = None
    ) -> Hit | Miss | Lease:
        """Looks up one answer; while somebody else is making the model call, waits for it.

        hold: seconds that a lease given to this caller holds before it must be renewed; None: the server's default.
        wait: seconds to wait in all; None: `lease_wait`. When they are over, a plain lookup decides.
        A server without leases is asked as by `get`. One that does not answer costs one `timeout`, never the wait.
        """
        if not self.enabled or "leases" not in self.features():
            return self.get(key)
        patience = self.settings.lease_wait if wait is None else wait
        waiting = Waiting(patience, time.monotonic(), self.settings.timeout)
        waited = 0.0
        while (slice_wait := waiting.next_slice(time.monotonic())) is not None:
            request = messages.lease_request(self._namespace, key, hold, slice_wait, waited)
            try:
                outcome = messages.outcome(self._call("get", request, None))
            except Unimplemented:  # Another server than the one that told its features.
                self._features.learn(frozenset(), time.monotonic())
                break
            except Cancelled as error:
                if (
                    error.reason == FORKED
                ):  # By a fork in another thread, which has nothing to do with this wait.
                    continue
                raise
            if not isinstance(outcome, Pending):
                return outcome
            time.sleep(waiting.pause(outcome, time.monotonic()))
            waited = waiting.waited(time.monotonic())
        return self.get(key)

    def try_lease(self, key: CacheKey | EntryId) -> Hit | Miss | Lease | Pending:
        """Looks up one answer, and asks for its lease without waiting. Without streams, only looks it up."""
        if not self.enabled or not {"leases", "streams"} <= self.features():
            return self.get(key)
        request = messages.lease_request(self._namespace, key, None, 0.0)
        try:
            return messages.outcome(self._call("get", request, None))
        except Unimplemented:  # Another server than the one that told its features.
            self._features.learn(frozenset(), time.monotonic())
            return self.get(key)

    def set(
        self,
        key: CacheKey | EntryId,
        payload: bytes,
        *,
        content_type: str = "",
        ttl: float | timedelta | None = None,
        tags: Sequence[str] = (),
        fill_token: bytes = b"",
        origin: Origin | None = None,
        timeout: float | None = None,
    ) -> Stored:
        """Stores one answer, replacing what was there. The same call twice is fine.

        content_type: media type, at most 128 bytes. ttl: over 0; the server cuts it to its maximum.
        tags: at most 16, each 1 to 128 bytes, to invalidate by. fill_token: of the Miss or Lease that this answers.
        Raises InvalidArgument (reason ENTRY_TOO_LARGE over the server's limit) and FailedPrecondition (reason
        STALE_FILL_TOKEN: the question was invalidated meanwhile; nothing was stored).
        """
        if not self.enabled:
            return Stored(None, ())
        item = SetItem(key, payload, content_type, ttl, tags, fill_token, origin)
        request = messages.set_request(self._namespace, item, self.settings.ttl)
        return messages.stored(self._call("set", request, timeout))

    def batch_get(
        self, keys: Iterable[CacheKey | EntryId], *, timeout: float | None = None
    ) -> list[Hit | Miss | TooLarge | CacheError]:
        """Looks up at most 256 answers, each on its own; results stand in the order of the keys, errors among them."""
        if not self.enabled:
            return [Miss(b"") for _ in keys]
        request = messages.batch_get_request(self._namespace, keys)
        return messages.batch_get_results(self._call("batch_get", request, timeout))

    def batch_set(
        self, items: Iterable[SetItem], *, timeout: float | None = None
    ) -> list[Stored | CacheError]:
        """Stores at most 256 answers, each on its own; results stand in the order of the items, errors among them."""
        if not self.enabled:
            return [Stored(None, ()) for _ in items]
        request = messages.batch_set_request(self._namespace, items, self.settings.ttl)
        return messages.batch_set_results(self._call("batch_set", request, timeout))

    def invalidate(
        self,
        key: CacheKey | EntryId | None = None,
        *,
        tag: str | None = None,
        model: str | None = None,
        everything: bool = False,
        dry_run: bool = False,
        timeout: float | None = None,
    ) -> Removed:
        """Forgets answers of this namespace: one, those with a tag, those of a model, or everything.

        Raises ValueError unless exactly one of them is given. `dry_run` only counts.
        """
        request = messages.invalidate_request(self._namespace, key, tag, model, everything, dry_run)
        return messages.removed(self._call("invalidate", request, timeout))

    def clear(self, *, timeout: float | None = None) -> Removed:
        """Forgets every answer of this namespace."""
        request = cache_pb2.ClearRequest(namespace=self._namespace)
        return messages.removed(self._call("clear", request, timeout))

    def renew_lease(
        self,
        key: CacheKey | EntryId,
        fill_token: bytes,
        *,
        hold: float | None = None,
        timeout: float | None = None,
    ) -> float:
        """Keeps a lease while the model call goes on; the seconds that it holds from now.

        Raises FailedPrecondition (LEASE_LOST): go on with the model call if its answer is needed, but do not `set` it.
        """
        request = messages.renew_request(self._namespace, key, fill_token, hold)
        return messages.to_seconds(self._call("renew_lease", request, timeout).hold)

    def release_lease(
        self, key: CacheKey | EntryId, fill_token: bytes, *, timeout: float | None = None
    ) -> None:
        """Gives a lease back unfilled, because the model call failed or its answer must not be stored."""
        request = messages.release_request(self._namespace, key, fill_token)
        self._call("release_lease", request, timeout)

    def stats(
        self, namespace: str | None = None, replica_only: bool = False, *, timeout: float | None = None
    ) -> Stats:
        """What the cache did and saved, in one namespace or (None) in all; over all servers unless `replica_only`."""
        request = admin_pb2.GetStatsRequest(namespace=namespace or "", replica_only=replica_only)
        return admin_messages.stats(self._call("get_stats", request, timeout))

    def config(self, *, timeout: float | None = None) -> Config:
        """The server's settings, limits and features."""
        request = admin_pb2.GetConfigRequest()
        config = admin_messages.config(self._call("get_config", request, timeout))
        self._features.learn(config.features, time.monotonic())
        return config

    def features(self) -> frozenset[str]:
        """What the server can do beyond the first release, such as "leases"; asked once a minute.

        Empty for a server that does not tell, or does not tell this identity.
        """
        known = self._features.known(time.monotonic())
        if known is not None:
            return known
        try:
            return self.config().features
        except (PermissionDenied, Unimplemented):
            return self._features.learn(frozenset(), time.monotonic())

    def health(self, *, timeout: float | None = None) -> bool:
        """Whether the server says that it serves; raises CacheError when it says nothing."""
        return bool(self._call("check_health", HEALTH_REQUEST, timeout) == SERVING)

    def close(self) -> None:
        """Ends the connection and calls in flight. Idempotent. Later calls raise ClientClosed."""
        self._closed = True
        self.let_go()

    def let_go(self) -> str:
        """Ends the connection; the next call makes another. So nothing is inherited by a fork, which needs this."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.channel.close()
        return ""

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start_stream(self, rpc: str, request: Any) -> Any:
        """Begins a streaming call: "record" with the parts (a future of its response), "follow" with its request."""
        with _fork.gate:
            rpcs = self._opened or self._open()
            try:
                call = rpcs.record.future if rpc == "record" else rpcs.follow
                return call(request, metadata=self._metadata)
            except ValueError:  # The channel was closed meanwhile.
                raise interrupted(self._closed) from None

    def _open(self) -> Rpcs:
        check_usable(self.enabled, self._closed)
        with self._opening:
            if self._opened is None:
                _fork.opened(self)
                self._opened = Rpcs(self._plan.open())
            return self._opened

    def _call(self, rpc: str, request: Any, timeout: float | None) -> Any:
        with _fork.gate:
            rpcs = self._opened or self._open()
            try:
                call = getattr(rpcs, rpc)
                return call(request, self.settings.timeout if timeout is None else timeout, self._metadata)
            except grpc.RpcError as error:
                raise from_rpc(error) if rpcs is self._opened else interrupted(self._closed) from None
            except ValueError:  # So grpc says that the channel was closed meanwhile.
                raise interrupted(self._closed) from None

"""The client of `client`, for asyncio: same methods, same results, same errors."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Sequence
from concurrent import futures
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
from .errors import (
    FORKED,
    CacheError,
    Cancelled,
    PermissionDenied,
    Unimplemented,
    WrongLoop,
    from_rpc,
    interrupted,
)
from .key import CacheKey, EntryId
from .results import Config, Hit, Lease, Miss, Origin, Pending, Removed, SetItem, Stats, Stored, TooLarge


class Client:
    """One namespace of one cache, for one event loop: the one that it is first used on. On another it raises WrongLoop.

    Never blocks the loop. All else is as for `paracle_cache.Client`, but when a process forks on the loop's own thread
    while calls are in flight, the child does without the cache: its calls raise Unavailable with reason FORKED.
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
        """Options as for `paracle_cache.Client`. Raises SettingsError for one that cannot be read."""
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
        self._opened: Rpcs | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._in_flight = 0

    @property
    def enabled(self) -> bool:
        return self.settings.enabled

    async def get(self, key: CacheKey | EntryId, *, timeout: float | None = None) -> Hit | Miss:
        """Looks up one answer."""
        if not self.enabled:
            return Miss(b"")
        request = messages.get_request(self._namespace, key)
        return messages.hit_or_miss(await self._call("get", request, timeout))

    async def get_or_wait(
        self, key: CacheKey | EntryId, *, hold: float | None = None, wait: float | None = None
    ) -> Hit | Miss | Lease:
        """Looks up one answer; while somebody else is making the model call, waits for it.

        hold: seconds that a lease given to this caller holds before it must be renewed; None: the server's default.
        wait: seconds to wait in all; None: `lease_wait`. When they are over, a plain lookup decides.
        A server without leases is asked as by `get`. One that does not answer costs one `timeout`, never the wait.
        """
        if not self.enabled or "leases" not in await self.features():
            return await self.get(key)
        patience = self.settings.lease_wait if wait is None else wait
        waiting = Waiting(patience, time.monotonic(), self.settings.timeout)
        waited = 0.0
        while (slice_wait := waiting.next_slice(time.monotonic())) is not None:
            request = messages.lease_request(self._namespace, key, hold, slice_wait, waited)
            try:
                outcome = messages.outcome(await self._call("get", request, None))
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
            await asyncio.sleep(waiting.pause(outcome, time.monotonic()))
            waited = waiting.waited(time.monotonic())
        return await self.get(key)

    async def try_lease(self, key: CacheKey | EntryId) -> Hit | Miss | Lease | Pending:
        """Looks up one answer, and asks for its lease without waiting. Without streams, only looks it up."""
        if not self.enabled or not {"leases", "streams"} <= await self.features():
            return await self.get(key)
        request = messages.lease_request(self._namespace, key, None, 0.0)
        try:
            return messages.outcome(await self._call("get", request, None))
        except Unimplemented:  # Another server than the one that told its features.
            self._features.learn(frozenset(), time.monotonic())
            return await self.get(key)

    async def set(
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
        return messages.stored(await self._call("set", request, timeout))

    async def batch_get(
        self, keys: Iterable[CacheKey | EntryId], *, timeout: float | None = None
    ) -> list[Hit | Miss | TooLarge | CacheError]:
        """Looks up at most 256 answers, each on its own; results stand in the order of the keys, errors among them."""
        if not self.enabled:
            return [Miss(b"") for _ in keys]
        request = messages.batch_get_request(self._namespace, keys)
        return messages.batch_get_results(await self._call("batch_get", request, timeout))

    async def batch_set(
        self, items: Iterable[SetItem], *, timeout: float | None = None
    ) -> list[Stored | CacheError]:
        """Stores at most 256 answers, each on its own; results stand in the order of the items, errors among them."""
        if not self.enabled:
            return [Stored(None, ()) for _ in items]
        request = messages.batch_set_request(self._namespace, items, self.settings.ttl)
        return messages.batch_set_results(await self._call("batch_set", request, timeout))

    async def invalidate(
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
        return messages.removed(await self._call("invalidate", request, timeout))

    async def clear(self, *, timeout: float | None = None) -> Removed:
        """Forgets every answer of this namespace."""
        request = cache_pb2.ClearRequest(namespace=self._namespace)
        return messages.removed(await self._call("clear", request, timeout))

    async def renew_lease(
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
        return messages.to_seconds((await self._call("renew_lease", request, timeout)).hold)

    async def release_lease(
        self, key: CacheKey | EntryId, fill_token: bytes, *, timeout: float | None = None
    ) -> None:
        """Gives a lease back unfilled, because the model call failed or its answer must not be stored."""
        request = messages.release_request(self._namespace, key, fill_token)
        await self._call("release_lease", request, timeout)

    async def stats(
        self, namespace: str | None = None, replica_only: bool = False, *, timeout: float | None = None
    ) -> Stats:
        """What the cache did and saved, in one namespace or (None) in all; over all servers unless `replica_only`."""
        request = admin_pb2.GetStatsRequest(namespace=namespace or "", replica_only=replica_only)
        return admin_messages.stats(await self._call("get_stats", request, timeout))

    async def config(self, *, timeout: float | None = None) -> Config:
        """The server's settings, limits and features."""
        request = admin_pb2.GetConfigRequest()
        config = admin_messages.config(await self._call("get_config", request, timeout))
        self._features.learn(config.features, time.monotonic())
        return config

    async def features(self) -> frozenset[str]:
        """What the server can do beyond the first release, such as "leases"; asked once a minute.

        Empty for a server that does not tell, or does not tell this identity.
        """
        known = self._features.known(time.monotonic())
        if known is not None:
            return known
        try:
            return (await self.config()).features
        except (PermissionDenied, Unimplemented):
            return self._features.learn(frozenset(), time.monotonic())

    async def health(self, *, timeout: float | None = None) -> bool:
        """Whether the server says that it serves; raises CacheError when it says nothing."""
        return bool(await self._call("check_health", HEALTH_REQUEST, timeout) == SERVING)

    async def close(self) -> None:
        """Ends the connection and calls in flight. Idempotent. Later calls raise ClientClosed."""
        self._closed = True
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.channel.close()

    def let_go(self) -> str:
        """Destroys the channel before a fork, if calls in flight end in time; the next call makes another.

        gRPC's thread for asyncio ends with the last channel. While it runs, a child cannot use gRPC.
        """
        loop = self._loop
        if self._opened is None or loop is None:
            return ""
        if loop.is_closed():
            self._opened = None
        elif not loop.is_running() or asyncio._get_running_loop() is loop:
            self._opened = self._opened if self._in_flight else None
        else:
            drained = asyncio.run_coroutine_threadsafe(self._drain(), loop)
            with contextlib.suppress(TimeoutError, futures.TimeoutError, futures.CancelledError):
                drained.result(_fork.PATIENCE)
        return "" if self._opened is None else "an event loop was using the cache when it was forked"

    async def _drain(self) -> None:
        """No call begins while the gate is closed, so this ends with the last of those in flight."""
        while self._in_flight and _fork.gate.is_closed:  # noqa: ASYNC110  # no event of a loop crosses threads
            await asyncio.sleep(0.001)
        if not self._in_flight:
            self._opened = None

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def start_stream(self, rpc: str, request: Any) -> Any:
        """Begins a streaming call, on the loop: "record" with the parts, "follow" with its request.

        A process that forks meanwhile has children without the cache, as with any call in flight.
        """
        if not _fork.gate.try_enter():
            raise interrupted(self._closed)
        try:
            call = getattr(self._rpcs(), rpc)(request, metadata=self._metadata)
            self._in_flight += 1
        except grpc.aio.UsageError:  # The channel was closed meanwhile.
            raise interrupted(self._closed) from None
        finally:
            _fork.gate.leave()
        call.add_done_callback(self._stream_ended)
        return call

    def _stream_ended(self, _call: Any) -> None:
        self._in_flight -= 1

    def _rpcs(self) -> Rpcs:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise WrongLoop(
                "an aio.Client belongs to the event loop that it was first used on; make one for each"
            )
        if self._opened is None:
            check_usable(self.enabled, self._closed)
            _fork.opened(self)
            self._opened = Rpcs(self._plan.open_aio())
        return self._opened

    async def _call(self, rpc: str, request: Any, timeout: float | None) -> Any:
        while not _fork.gate.try_enter():  # noqa: ASYNC110  # A fork on another thread: milliseconds.
            await asyncio.sleep(0.001)
        try:
            rpcs = self._rpcs()
            self._in_flight += 1
        finally:
            _fork.gate.leave()
        call = getattr(rpcs, rpc)
        try:
            timeout = self.settings.timeout if timeout is None else timeout
            return await call(request, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            raise from_rpc(error) if rpcs is self._opened else interrupted(self._closed) from None
        except grpc.aio.UsageError:  # So grpc says that the channel was closed meanwhile.
            raise interrupted(self._closed) from None
        finally:
            del rpcs, call  # The last reference to a channel that was let go ends gRPC's thread.
            self._in_flight -= 1

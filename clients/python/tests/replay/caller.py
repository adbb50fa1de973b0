"""One interface to the four transports, so that every test of them runs with each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

import httpx
import httpx2

import paracle_cache.httpx
import paracle_cache.httpx2
from paracle_cache import aio
from paracle_cache.client import Client
from paracle_cache.failsafe import AsyncSafeCache, SafeCache

T = TypeVar("T")

FLAVOURS = ["httpx", "httpx-async", "httpx2", "httpx2-async"]
_MODULES: dict[str, tuple[ModuleType, ModuleType]] = {
    "httpx": (httpx, paracle_cache.httpx),
    "httpx2": (httpx2, paracle_cache.httpx2),
}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def outcome(self) -> str | None:
        return self.headers.get("x-paracle-cache")


class Caller:
    """Sends requests through one flavour's transport. Options are those of the transport.

    client: its settings are the cache's; None: the transport finds its cache by itself.
    """

    def __init__(self, flavour: str, client: Client | None, **options: Any) -> None:
        name, _, kind = flavour.partition("-")
        self.library, ours = _MODULES[name]
        self._loop = _running_loop() if kind else None
        if self._loop is None:
            cache: Any = client and SafeCache(Client(**_settings(client)))
            inner = self.library.HTTPTransport(verify=False)  # loading certificates takes longer than a test
            self._http = self.library.Client(
                transport=ours.CachingTransport(inner, cache=cache, **options), timeout=30
            )
        else:
            cache = client and AsyncSafeCache(aio.Client(**_settings(client)))
            inner = self.library.AsyncHTTPTransport(verify=False)
            self._http = self.library.AsyncClient(
                transport=ours.AsyncCachingTransport(inner, cache=cache, **options), timeout=30
            )
        self._cache = cache

    def post(
        self, url: str, body: bytes, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> Reply:
        return self.send(self._http.build_request(method, url, content=body, headers=headers))

    def send(self, request: Any) -> Reply:
        response = self._run(lambda: self._http.send(request))
        return Reply(response.status_code, dict(response.headers), response.content)

    def open(self, url: str, body: bytes) -> OpenReply:
        """Sends a request, and leaves it to the caller to read the body."""
        request = self._http.build_request("POST", url, content=body)
        return OpenReply(self._run, self._run(lambda: self._http.send(request, stream=True)))

    def request(self, method: str, url: str, **arguments: Any) -> Any:
        return self._http.build_request(method, url, **arguments)

    def close(self) -> None:
        self._run(self._http.close if self._loop is None else self._http.aclose)
        if self._cache is not None:
            self._run(self._cache.close)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self, call: Callable[[], Any]) -> Any:
        if self._loop is None:
            return call()
        return asyncio.run_coroutine_threadsafe(_awaited(call), self._loop).result()


class OpenReply:
    """A response whose body is read piece by piece, as it comes over the wire."""

    def __init__(self, run: Callable[[Callable[[], Any]], Any], response: Any) -> None:
        self._run = run
        self._response = response
        is_async = hasattr(response.stream, "__aiter__") and not hasattr(response.stream, "__iter__")
        self._is_async = is_async or "Async" in type(response.stream).__name__
        self._pieces = response.aiter_raw() if self._is_async else response.iter_raw()

    @property
    def headers(self) -> dict[str, str]:
        return dict(self._response.headers)

    def next(self) -> bytes | None:
        """None: the body has ended."""
        if self._is_async:
            return self._run(lambda: _next(self._pieces))
        return next(self._pieces, None)

    def rest(self) -> list[bytes]:
        return list(iter(self.next, None))

    def close(self) -> None:
        self._run(self._response.aclose if self._is_async else self._response.close)


@contextmanager
def calling(flavour: str, client: Client | None, **options: Any) -> Iterator[Caller]:
    caller = Caller(flavour, client, **options)
    try:
        yield caller
    finally:
        caller.close()


def _running_loop() -> asyncio.AbstractEventLoop:
    """It runs between the calls as well, as that of a service does. Closed when it is stopped."""
    loop = asyncio.new_event_loop()

    def run() -> None:
        loop.run_forever()
        loop.close()

    threading.Thread(target=run, name="caller-loop").start()
    return loop


def _settings(client: Client) -> dict[str, Any]:
    names = ("endpoint", "namespace", "timeout", "enabled")
    return {name: getattr(client.settings, name) for name in names}


async def _awaited(call: Callable[[], Awaitable[T]]) -> T:
    return await call()


async def _next(pieces: Any) -> bytes | None:
    return await anext(pieces, None)

"""Transports for httpx: the SDK's calls stay as they are, and the same question is paid for once.

    from openai import OpenAI
    from paracle_cache.httpx import CachingTransport

    client = OpenAI(http_client=httpx.Client(transport=CachingTransport()))

Chat completions, responses, embeddings, Anthropic's messages and Gemini's generateContent are answered from
the cache, streams too; every other request goes through untouched. docs/clients.md says what is asked, stored
and never stored. Nothing here raises because of the cache.
"""

from __future__ import annotations

import httpx

from ._http.flavour import Flavour
from ._http.followed_body import AsyncFollowedBody, FollowedBody
from ._http.streams import AsyncRecorder, Recorder, Replay
from ._http.transport import AsyncTransport, SyncTransport

__all__ = ["AsyncCachingTransport", "CachingTransport"]


class _Replay(Replay, httpx.SyncByteStream, httpx.AsyncByteStream):
    pass


class _Recorder(Recorder, httpx.SyncByteStream):
    pass


class _AsyncRecorder(AsyncRecorder, httpx.AsyncByteStream):
    pass


class _Followed(FollowedBody, httpx.SyncByteStream):
    pass


class _AsyncFollowed(AsyncFollowedBody, httpx.AsyncByteStream):
    pass


_FLAVOUR = Flavour(
    request=httpx.Request,
    response=httpx.Response,
    sender=httpx.HTTPTransport,
    async_sender=httpx.AsyncHTTPTransport,
    replay=_Replay,
    recorder=_Recorder,
    async_recorder=_AsyncRecorder,
    followed=_Followed,
    async_followed=_AsyncFollowed,
    broken=httpx.RemoteProtocolError,
)


class CachingTransport(SyncTransport[httpx.Request, httpx.Response], httpx.BaseTransport):
    """For `httpx.Client(transport=...)`. Thread-safe.

    transport: sends what is not in the cache. Default: `httpx.HTTPTransport()`. Proxies, certificates and
        limits of connections are this transport's: httpx does not give the client's to a transport.
    cache: default: `SafeCache.shared()`, made of the environment.
    ttl: seconds that answers live. Default: PARACLE_CACHE_TTL, else the server's.
    tags: labels to invalidate the answers by.
    cost: from model and usage to US dollars, or a mapping from model to `Price`. Default: cost is not known.
    cache_if: gets the parsed answer, of a stream the list of its events; true: it is stored. Default: if it
        is whole. What broke off, or has no shape that is known, is not stored in any case.
    coalesce: while somebody is asking the same, in whatever process, wait for that answer instead of asking as
        well, at most PARACLE_CACHE_LEASE_WAIT. False: never wait. An event stream is read while it comes; should
        it break off, the provider is asked, and its stream goes on behind what was read; if that begins
        differently, RemoteProtocolError is raised, as when the provider's connection breaks.

    Raises ValueError for a ttl that is not over 0 and for tags that are one string.
    """

    _flavour = _FLAVOUR


class AsyncCachingTransport(AsyncTransport[httpx.Request, httpx.Response], httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient(transport=...)` on asyncio. Arguments as of `CachingTransport`.

    transport: default: `httpx.AsyncHTTPTransport()`.
    cache: default: `AsyncSafeCache.shared()`, one for each event loop.
    """

    _flavour = _FLAVOUR

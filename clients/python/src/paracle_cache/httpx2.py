"""Transports for httpx2: the SDK's calls stay as they are, and the same question is paid for once.

    from openai import OpenAI
    from paracle_cache.httpx2 import CachingTransport

    client = OpenAI(http_client=httpx2.Client(transport=CachingTransport()))

Chat completions, responses, embeddings, Anthropic's messages and Gemini's generateContent are answered from
the cache, streams too; every other request goes through untouched. docs/clients.md says what is asked, stored
and never stored. Nothing here raises because of the cache.
"""

from __future__ import annotations

import httpx2

from ._http.flavour import Flavour
from ._http.followed_body import AsyncFollowedBody, FollowedBody
from ._http.streams import AsyncRecorder, Recorder, Replay
from ._http.transport import AsyncTransport, SyncTransport

__all__ = ["AsyncCachingTransport", "CachingTransport"]


class _Replay(Replay, httpx2.SyncByteStream, httpx2.AsyncByteStream):
    pass


class _Recorder(Recorder, httpx2.SyncByteStream):
    pass


class _AsyncRecorder(AsyncRecorder, httpx2.AsyncByteStream):
    pass


class _Followed(FollowedBody, httpx2.SyncByteStream):
    pass


class _AsyncFollowed(AsyncFollowedBody, httpx2.AsyncByteStream):
    pass


_FLAVOUR = Flavour(
    request=httpx2.Request,
    response=httpx2.Response,
    sender=httpx2.HTTPTransport,
    async_sender=httpx2.AsyncHTTPTransport,
    replay=_Replay,
    recorder=_Recorder,
    async_recorder=_AsyncRecorder,
    followed=_Followed,
    async_followed=_AsyncFollowed,
    broken=httpx2.RemoteProtocolError,
)


class CachingTransport(SyncTransport[httpx2.Request, httpx2.Response], httpx2.BaseTransport):
    """For `httpx2.Client(transport=...)`. Thread-safe.

    transport: sends what is not in the cache. Default: `httpx2.HTTPTransport()`. Proxies, certificates and
        limits of connections are this transport's: httpx2 does not give the client's to a transport.
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


class AsyncCachingTransport(AsyncTransport[httpx2.Request, httpx2.Response], httpx2.AsyncBaseTransport):
    """For `httpx2.AsyncClient(transport=...)` on asyncio. Arguments as of `CachingTransport`.

    transport: default: `httpx2.AsyncHTTPTransport()`.
    cache: default: `AsyncSafeCache.shared()`, one for each event loop.
    """

    _flavour = _FLAVOUR

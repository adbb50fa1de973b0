"""Google's own SDK over the transports of both libraries."""

from __future__ import annotations

from typing import Any

import httpx
import httpx2
import pytest
from google import genai

import paracle_cache.httpx
import paracle_cache.httpx2
from paracle_cache import aio
from paracle_cache.client import Client
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from replay import recorded
from replay.provider import Answer, Provider

LIBRARIES = {"httpx": (httpx, paracle_cache.httpx), "httpx2": (httpx2, paracle_cache.httpx2)}
DOCUMENTS = recorded.one_of_each(
    "gemini", ":generateContent", "plain", "tools", "structured", "reasoning", "multimodal"
)
STREAMS = recorded.one_of_each(
    "gemini",
    ":streamGenerateContent",
    "plain-stream",
    "tools-stream",
    "structured-stream",
    "reasoning-stream",
)
QUESTION = {"model": "gemini-2.5-flash", "contents": "Hello!"}


@pytest.fixture
def provider():
    with Provider().serving() as provider:
        yield provider


@pytest.fixture(params=LIBRARIES)
def library(request):
    return LIBRARIES[request.param]


def sdk_of(provider: Provider, **clients: Any) -> genai.Client:
    return genai.Client(api_key="k", http_options={"base_url": provider.url, **clients})


@pytest.fixture
def sdk(library, shared_server, namespace, provider):
    http, ours = library
    cache = SafeCache(Client(shared_server.address, namespace=namespace, timeout=10))
    transport = ours.CachingTransport(http.HTTPTransport(verify=False), cache=cache)
    with http.Client(transport=transport) as client, sdk_of(provider, httpx_client=client) as sdk:
        yield sdk
    cache.close()


@pytest.fixture
async def async_sdk(library, shared_server, namespace, provider):
    http, ours = library
    cache = AsyncSafeCache(aio.Client(shared_server.address, namespace=namespace, timeout=10))
    transport = ours.AsyncCachingTransport(http.AsyncHTTPTransport(verify=False), cache=cache)
    async with http.AsyncClient(transport=transport) as client:
        sdk = sdk_of(provider, httpx_async_client=client)
        yield sdk.aio
        sdk.close()
    await cache.close()


def said(answer: Any) -> Any:
    """All but the HTTP response that the SDK hangs on: it has a date, and the outcome."""
    return answer.model_dump(exclude={"sdk_http_response"})


@pytest.mark.parametrize("pair", DOCUMENTS, ids=recorded.label)
def test_the_second_answer_equals_the_first(sdk, provider, pair):
    provider.answer = Answer.of(pair)
    first, second = (sdk.models.generate_content(**QUESTION) for _ in range(2))
    assert provider.calls == 1
    assert said(first) == said(second)
    assert second.candidates


@pytest.mark.parametrize("pair", STREAMS, ids=recorded.label)
def test_the_second_stream_equals_the_first_chunk_by_chunk(sdk, provider, pair):
    provider.answer = Answer.of(pair)
    first, second = (
        [said(chunk) for chunk in sdk.models.generate_content_stream(**QUESTION)] for _ in range(2)
    )
    assert provider.calls == 1
    assert first == second
    assert second


@pytest.mark.parametrize("pair", DOCUMENTS, ids=recorded.label)
async def test_the_second_answer_equals_the_first_async(async_sdk, provider, pair):
    provider.answer = Answer.of(pair)
    first, second = [said(await async_sdk.models.generate_content(**QUESTION)) for _ in range(2)]
    assert provider.calls == 1
    assert first == second


@pytest.mark.parametrize("pair", STREAMS, ids=recorded.label)
async def test_the_second_stream_equals_the_first_async(async_sdk, provider, pair):
    provider.answer = Answer.of(pair)
    streams = []
    for _ in range(2):
        stream = await async_sdk.models.generate_content_stream(**QUESTION)
        streams.append([said(chunk) async for chunk in stream])
    assert provider.calls == 1
    assert streams[0] == streams[1]


def test_function_calls_are_intact(sdk, provider):
    provider.answer = Answer.of(recorded.pick("gemini", ":generateContent", "tools")[0])
    first, second = (sdk.models.generate_content(**QUESTION) for _ in range(2))
    assert provider.calls == 1
    assert first.function_calls == second.function_calls


def test_embeddings_are_cached(sdk, provider):
    provider.answer = Answer([b'{"embeddings": [{"values": [0.5, 0.25]}]}'])
    first, second = (
        sdk.models.embed_content(model="gemini-embedding-001", contents="Hello!") for _ in range(2)
    )
    assert provider.calls == 1
    assert first.embeddings == second.embeddings
    assert second.embeddings[0].values == [0.5, 0.25]


def test_the_api_key_is_not_in_the_key(library, shared_server, namespace, provider):
    http, ours = library
    provider.answer = Answer.of(DOCUMENTS[0])
    for api_key in ("one", "two"):
        cache = SafeCache(Client(shared_server.address, namespace=namespace, timeout=10))
        transport = ours.CachingTransport(http.HTTPTransport(verify=False), cache=cache)
        with http.Client(transport=transport, params={"key": api_key}) as client:
            sdk_of(provider, httpx_client=client).models.generate_content(**QUESTION)
        cache.close()
    assert provider.calls == 1

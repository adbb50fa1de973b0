"""LangChain's ChatOpenAI over the transport, streams too."""

from __future__ import annotations

import httpx
import pytest
from langchain_openai import ChatOpenAI

from paracle_cache import aio
from paracle_cache.client import Client
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from paracle_cache.httpx import AsyncCachingTransport, CachingTransport
from replay import recorded
from replay.provider import Answer, Provider

PLAIN, TOOLS, STREAM, TOOLS_STREAM = (
    recorded.pick("openai", "/chat/completions", kind)[0]
    for kind in ("plain", "tools", "plain-stream", "tools-stream")
)


@pytest.fixture
def provider():
    with Provider().serving() as provider:
        yield provider


@pytest.fixture
async def model(shared_server, namespace, provider):
    cache = SafeCache(Client(shared_server.address, namespace=namespace, timeout=10))
    async_cache = AsyncSafeCache(aio.Client(shared_server.address, namespace=namespace, timeout=10))
    transport = CachingTransport(httpx.HTTPTransport(verify=False), cache=cache)
    async_transport = AsyncCachingTransport(httpx.AsyncHTTPTransport(verify=False), cache=async_cache)
    with httpx.Client(transport=transport) as http:
        async with httpx.AsyncClient(transport=async_transport) as async_http:
            yield ChatOpenAI(
                model="gpt-4o",
                api_key="k",
                base_url=provider.url + "/v1",
                http_client=http,
                http_async_client=async_http,
                max_retries=0,
            )
    cache.close()
    await async_cache.close()


def said(message):
    """All but the id, which LangChain makes anew for every call."""
    return message.model_dump(exclude={"id"})


@pytest.mark.parametrize("pair", [PLAIN, TOOLS], ids=recorded.label)
async def test_the_second_message_equals_the_first(model, provider, pair):
    provider.answer = Answer.of(pair)
    messages = [model.invoke("Hello!"), model.invoke("Hello!"), await model.ainvoke("Hello!")]
    assert provider.calls == 1
    assert said(messages[0]) == said(messages[1]) == said(messages[2])


@pytest.mark.parametrize("pair", [STREAM, TOOLS_STREAM], ids=recorded.label)
async def test_the_second_stream_equals_the_first_chunk_by_chunk(model, provider, pair):
    provider.answer = Answer.of(pair)
    streams = [[said(chunk) for chunk in model.stream("Hello!")] for _ in range(2)]
    streams.append([said(chunk) async for chunk in model.astream("Hello!")])
    assert provider.calls == 1
    assert streams[0] == streams[1] == streams[2]
    assert len(streams[0]) > 1

"""OpenAI's own SDK over the transports: the second answer is the first, and the provider is asked once."""

from __future__ import annotations

from typing import Any

import httpx
import httpx2
import openai
import pytest

import paracle_cache.httpx
import paracle_cache.httpx2
from paracle_cache import aio
from paracle_cache.client import Client
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from replay import recorded
from replay.provider import Answer, Provider
from replay.recorded import Pair

LIBRARIES = {"httpx": (httpx, paracle_cache.httpx), "httpx2": (httpx2, paracle_cache.httpx2)}
METHODS = {
    "/v1/chat/completions": ("chat", "completions"),
    "/v1/responses": ("responses",),
    "/v1/embeddings": ("embeddings",),
}
KINDS = (
    "plain",
    "tools",
    "structured",
    "reasoning",
    "multimodal",
    "plain-stream",
    "tools-stream",
    "reasoning-stream",
)


PAIRS = [
    *recorded.one_of_each("openai", "/chat/completions", *KINDS),
    *recorded.one_of_each("openai", "/responses", *KINDS),
    *recorded.one_of_each("openai", "/embeddings", "embeddings"),
]
TOOLS = [pair for pair in PAIRS if b'"arguments"' in pair.body]
ERRORS = [pair for pair in recorded.pairs() if pair.provider == "openai" and pair.status >= 400]


@pytest.fixture
def provider():
    with Provider().serving() as provider:
        yield provider


@pytest.fixture(params=LIBRARIES)
def library(request):
    return LIBRARIES[request.param]


@pytest.fixture
def sdk(library, shared_server, namespace, provider):
    http, ours = library
    cache = SafeCache(Client(shared_server.address, namespace=namespace, timeout=10))
    with http.Client(
        transport=ours.CachingTransport(http.HTTPTransport(verify=False), cache=cache)
    ) as client:
        yield openai.OpenAI(api_key="k", base_url=provider.url + "/v1", http_client=client, max_retries=0)
    cache.close()


@pytest.fixture
async def async_sdk(library, shared_server, namespace, provider):
    http, ours = library
    cache = AsyncSafeCache(aio.Client(shared_server.address, namespace=namespace, timeout=10))
    async with http.AsyncClient(
        transport=ours.AsyncCachingTransport(http.AsyncHTTPTransport(verify=False), cache=cache)
    ) as client:
        yield openai.AsyncOpenAI(
            api_key="k", base_url=provider.url + "/v1", http_client=client, max_retries=0
        )
    await cache.close()


def method(sdk: Any, pair: Pair) -> Any:
    for name in METHODS[pair.path]:
        sdk = getattr(sdk, name)
    return sdk.create


def call(sdk: Any, pair: Pair) -> Any:
    """The answer; of a stream the list of its chunks."""
    answer = method(sdk, pair)(**pair.request)
    return list(answer) if pair.is_stream else answer


@pytest.mark.parametrize("pair", PAIRS, ids=recorded.label)
def test_the_second_answer_equals_the_first(sdk, provider, pair):
    provider.answer = Answer.of(pair)
    answers = [call(sdk, pair) for _ in range(2)]
    assert provider.calls == 1
    assert answers[0] == answers[1]
    assert not pair.is_stream or len(answers[0]) > 1


@pytest.mark.parametrize("pair", PAIRS, ids=recorded.label)
async def test_the_second_answer_equals_the_first_async(async_sdk, provider, pair):
    provider.answer = Answer.of(pair)
    answers = []
    for _ in range(2):
        answer = await method(async_sdk, pair)(**pair.request)
        answers.append([chunk async for chunk in answer] if pair.is_stream else answer)
    assert provider.calls == 1
    assert answers[0] == answers[1]


@pytest.mark.parametrize("pair", TOOLS, ids=recorded.label)
def test_tool_calls_are_intact(sdk, provider, pair):
    provider.answer = Answer.of(pair)
    texts = []
    for _ in range(2):
        answer = call(sdk, pair)
        parts = answer if pair.is_stream else [answer]
        texts.append([part.model_dump_json() for part in parts])
    assert provider.calls == 1
    assert texts[0] == texts[1]
    assert any('"arguments":' in text for text in texts[1])


def test_a_typed_answer_is_parsed_from_the_cache(sdk, provider):
    pair = recorded.pick("openai", "/chat/completions", "structured")[0]
    provider.answer = Answer.of(pair)
    parsed = [sdk.chat.completions.with_raw_response.create(**pair.request) for _ in range(2)]
    assert [raw.headers["x-paracle-cache"] for raw in parsed] == ["miss", "hit"]
    assert parsed[0].parse() == parsed[1].parse()


def test_the_sdk_can_opt_out_of_one_call(sdk, provider):
    pair = recorded.pick("openai", "/chat/completions", "plain")[0]
    provider.answer = Answer.of(pair)
    for _ in range(2):
        sdk.chat.completions.create(**pair.request, extra_headers={"x-paracle-cache": "bypass"})
    assert provider.calls == 2


@pytest.mark.parametrize("pair", ERRORS, ids=recorded.label)
def test_an_error_is_the_sdks_own_every_time(sdk, provider, pair):
    provider.answer = Answer.of(pair)
    for _ in range(2):
        with pytest.raises(openai.APIStatusError) as raised:
            method(sdk, pair)(**pair.request)
        assert raised.value.status_code == pair.status
    assert provider.calls == 2

"""Anthropic's own SDK over the transports, which takes clients of httpx2."""

from __future__ import annotations

from typing import Any

import anthropic
import httpx2
import pytest

from paracle_cache import aio
from paracle_cache.client import Client
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from paracle_cache.httpx2 import AsyncCachingTransport, CachingTransport
from replay import recorded
from replay.provider import Answer, Provider
from replay.recorded import Pair

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
PAIRS = recorded.one_of_each("anthropic", "/messages", *KINDS)


@pytest.fixture
def provider():
    with Provider().serving() as provider:
        yield provider


@pytest.fixture
def sdk(shared_server, namespace, provider):
    cache = SafeCache(Client(shared_server.address, namespace=namespace, timeout=10))
    transport = CachingTransport(httpx2.HTTPTransport(verify=False), cache=cache)
    with httpx2.Client(transport=transport) as http:
        yield anthropic.Anthropic(api_key="k", base_url=provider.url, http_client=http, max_retries=0)
    cache.close()


@pytest.fixture
async def async_sdk(shared_server, namespace, provider):
    cache = AsyncSafeCache(aio.Client(shared_server.address, namespace=namespace, timeout=10))
    transport = AsyncCachingTransport(httpx2.AsyncHTTPTransport(verify=False), cache=cache)
    async with httpx2.AsyncClient(transport=transport) as http:
        yield anthropic.AsyncAnthropic(api_key="k", base_url=provider.url, http_client=http, max_retries=0)
    await cache.close()


def arguments(pair: Pair) -> dict[str, Any]:
    # As the recorded clients sent them; this SDK knows some under other names.
    return {"max_tokens": 1, "messages": [], "model": ""} | {
        "extra_body": pair.request,
        "stream": pair.is_stream,
    }


@pytest.mark.parametrize("pair", PAIRS, ids=recorded.label)
def test_the_second_answer_equals_the_first(sdk, provider, pair):
    provider.answer = Answer.of(pair)
    answers = []
    for _ in range(2):
        answer = sdk.messages.create(**arguments(pair))
        answers.append(list(answer) if pair.is_stream else answer)
    assert provider.calls == 1
    assert answers[0] == answers[1]
    if pair.is_stream:
        assert (answers[1][0].type, answers[1][-1].type) == ("message_start", "message_stop")


@pytest.mark.parametrize("pair", PAIRS, ids=recorded.label)
async def test_the_second_answer_equals_the_first_async(async_sdk, provider, pair):
    provider.answer = Answer.of(pair)
    answers = []
    for _ in range(2):
        answer = await async_sdk.messages.create(**arguments(pair))
        answers.append([event async for event in answer] if pair.is_stream else answer)
    assert provider.calls == 1
    assert answers[0] == answers[1]


def test_a_tool_is_used_alike(sdk, provider):
    pair = recorded.pick("anthropic", "/messages", "tools")[0]
    provider.answer = Answer.of(pair)
    first, second = (sdk.messages.create(**arguments(pair)) for _ in range(2))
    assert provider.calls == 1
    assert [block.model_dump() for block in first.content] == [block.model_dump() for block in second.content]
    assert any(block.type.endswith("tool_use") for block in second.content)


def test_the_helper_that_gathers_a_stream_gathers_the_same_message(sdk, provider):
    pair = recorded.pick("anthropic", "/messages", "plain-stream")[0]
    provider.answer = Answer.of(pair)
    messages = []
    for _ in range(2):
        with sdk.messages.stream(
            max_tokens=10, model="m", messages=[{"role": "user", "content": "Hi"}]
        ) as stream:
            messages.append(stream.get_final_message())
    assert provider.calls == 1
    assert messages[0] == messages[1]
    assert messages[1].content


def test_a_beta_is_another_question(sdk, provider):
    provider.answer = Answer.of(recorded.pick("anthropic", "/messages", "plain")[0])
    for beta in ("a", "b", "a"):
        sdk.messages.create(
            max_tokens=1,
            model="m",
            messages=[{"role": "user", "content": "Hi"}],
            extra_headers={"anthropic-beta": beta},
        )
    assert provider.calls == 2


def test_an_error_is_the_sdks_own_every_time(sdk, provider):
    errors = [pair for pair in recorded.pairs() if pair.provider == "anthropic" and pair.status >= 400]
    if not errors:
        pytest.skip("no error among the recorded pairs of the cut")
    provider.answer = Answer.of(errors[0])
    for _ in range(2):
        with pytest.raises(anthropic.APIStatusError):
            sdk.messages.create(**arguments(errors[0]))
    assert provider.calls == 2

"""LangChain's cache for models on the service: the second answer is the first, with every generation."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from langchain_core.language_models.fake import FakeListLLM
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, Generation
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from paracle_cache import aio
from paracle_cache.client import Client
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from paracle_cache.key import CacheKey
from paracle_cache.langchain import MEDIA_TYPE, ParacleCache
from paracle_cache.results import Hit
from replay import recorded
from replay.provider import Answer, Provider

PLAIN = recorded.pick("openai", "/chat/completions", "plain")[0]
WITH_TOOLS = next(
    pair
    for pair in recorded.pick("openai", "/chat/completions", "tools")
    if pair.answer["choices"][0]["message"].get("tool_calls")
)


@pytest.fixture
def cache(client):
    return ParacleCache(SafeCache(client))


@pytest.fixture
async def async_cache(client):
    safe = AsyncSafeCache(
        aio.Client(client.settings.endpoint, namespace=client.settings.namespace, timeout=10)
    )
    yield ParacleCache(async_cache=safe)
    await safe.close()


@pytest.fixture
def provider():
    with Provider().serving() as provider:
        provider.answer = Answer.of(PLAIN)
        yield provider


def chat(provider: Provider, cache: ParacleCache, **options: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model="gpt-4o", api_key="k", base_url=provider.url + "/v1", cache=cache, max_retries=0, **options
    )


def key(prompt: str, llm: str) -> CacheKey:
    return CacheKey(provider="langchain", params={"prompt": prompt, "llm": llm})


def test_a_chat_model_is_asked_once(provider, cache):
    model = chat(provider, cache)
    first, second = (model.invoke("Hello!") for _ in range(2))
    assert provider.calls == 1
    assert first.content == second.content == PLAIN.answer["choices"][0]["message"]["content"]
    assert first.response_metadata == second.response_metadata
    assert model.invoke("Hello?").content == first.content
    assert provider.calls == 2


async def test_a_chat_model_is_asked_once_async(provider, async_cache):
    model = chat(provider, async_cache)
    first, second = [await model.ainvoke("Hello!") for _ in range(2)]
    assert provider.calls == 1
    assert (first.content, first.response_metadata) == (second.content, second.response_metadata)


def test_tool_calls_are_intact(provider, cache):
    provider.answer = Answer.of(WITH_TOOLS)
    model = chat(provider, cache)
    first, second = (model.invoke("What is the weather?") for _ in range(2))
    assert provider.calls == 1
    assert second.tool_calls
    assert first.tool_calls == second.tool_calls


def test_every_generation_is_kept(provider, cache):
    answer = PLAIN.answer
    choice = answer["choices"][0]
    answer["choices"] = [
        choice,
        choice | {"index": 1, "message": {"role": "assistant", "content": "Another."}},
    ]
    provider.answer = Answer([json.dumps(answer).encode()])
    model = chat(provider, cache, n=2)
    texts = [
        [each.text for each in model.generate([[HumanMessage("Hello!")]]).generations[0]] for _ in range(2)
    ]
    assert provider.calls == 1
    assert texts[0] == texts[1] == [choice["message"]["content"], "Another."]


@pytest.mark.parametrize("end", ["length", "content_filter"])
def test_an_answer_that_was_cut_short_is_returned_but_not_stored(provider, cache, end):
    answer = PLAIN.answer
    answer["choices"][0]["finish_reason"] = end
    provider.answer = Answer([json.dumps(answer).encode()])
    model = chat(provider, cache)
    assert [model.invoke("Hello!").response_metadata["finish_reason"] for _ in range(2)] == [end, end]
    assert provider.calls == 2


def test_a_structured_answer_is_one_again(provider, cache):
    class Person(BaseModel):
        name: str

    answer = PLAIN.answer
    answer["choices"][0]["message"]["content"] = '{"name": "Ada"}'
    provider.answer = Answer([json.dumps(answer).encode()])
    model = chat(provider, cache).with_structured_output(Person, method="json_schema")
    assert [model.invoke("Who?") for _ in range(2)] == [Person(name="Ada")] * 2
    assert provider.calls == 1


def test_a_plain_llm_is_cached_for_each_prompt(cache):
    model = FakeListLLM(responses=["one", "two", "three"], cache=cache)
    assert model.batch(["a", "b"], config={"max_concurrency": 1}) == ["one", "two"]
    assert model.batch(["b", "a"], config={"max_concurrency": 1}) == ["two", "one"]


def test_usage_and_cost_of_the_original_call_are_told(client):
    cache = ParacleCache(
        SafeCache(client), cost=lambda model, _usage: 0.5 if model.startswith("gpt-4") else 0.0
    )
    generation = ChatGeneration(
        message=AIMessage(
            content="Hi",
            usage_metadata={"input_tokens": 7, "output_tokens": 3, "total_tokens": 10},
            response_metadata={"model_name": "gpt-4o", "finish_reason": "stop"},
        )
    )
    assert cache.lookup("prompt", "llm") is None
    cache.update("prompt", "llm", [generation])
    origin = client.get(key("prompt", "llm")).origin
    assert (origin.prompt_tokens, origin.completion_tokens, origin.cost_usd) == (7, 3, 0.5)
    assert cache.lookup("prompt", "llm") == [generation]


def constructor(path: list[str], **arguments: Any) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": path, "kwargs": arguments}


GENERATION = ["langchain", "schema", "output", "Generation"]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x80\x04\x95",
        b"{}",
        b"[]",
        b'["text"]',
        b"[" * 100_000,
        json.dumps(
            [constructor(["langchain_core", "prompts", "prompt", "PromptTemplate"], template="x")]
        ).encode(),
        json.dumps([constructor(["langchain", "chat_models", "openai", "ChatOpenAI"], api_key="k")]).encode(),
        json.dumps([constructor(["langchain_core", "load", "serializable", "Serializable"])]).encode(),
        json.dumps([constructor(GENERATION, text=["not", "text"])]).encode(),
        json.dumps([constructor(GENERATION)]).encode(),
        json.dumps([constructor(["os", "system"], command="true")]).encode(),
    ],
)
def test_an_entry_that_is_not_generations_is_a_miss(client, cache, payload):
    client.set(key("prompt", "llm"), payload, content_type=MEDIA_TYPE)
    assert cache.lookup("prompt", "llm") is None


def test_an_entry_of_another_media_type_is_a_miss(client, cache):
    payload = json.dumps([constructor(GENERATION, text="Hi")]).encode()
    client.set(key("prompt", "llm"), payload, content_type=MEDIA_TYPE)
    assert cache.lookup("prompt", "llm") == [Generation(text="Hi")]
    client.set(key("prompt", "llm"), payload, content_type="application/json")
    assert cache.lookup("prompt", "llm") is None


def test_no_secret_of_the_environment_is_read_into_an_answer(client, cache, monkeypatch):
    monkeypatch.setenv("A_SECRET", "secret")
    told = {"lc": 1, "type": "secret", "id": ["A_SECRET"]}
    payload = json.dumps([constructor(GENERATION, text="Hi", generation_info={"told": told})]).encode()
    client.set(key("prompt", "llm"), payload, content_type=MEDIA_TYPE)
    assert os.environ["A_SECRET"] not in repr(cache.lookup("prompt", "llm"))


def test_an_update_without_a_lookup_stores_nothing(client, cache):
    cache.update("prompt", "llm", [Generation(text="Hi")])
    assert not isinstance(client.get(key("prompt", "llm")), Hit)


def test_an_answer_older_than_an_invalidation_is_not_stored(client, cache):
    assert cache.lookup("prompt", "llm") is None
    client.clear()
    cache.update("prompt", "llm", [Generation(text="old")])
    assert cache.lookup("prompt", "llm") is None


async def test_clear_forgets_the_namespace(cache, async_cache):
    for each in (cache, async_cache):
        assert cache.lookup("prompt", "llm") is None
        cache.update("prompt", "llm", [Generation(text="Hi")])
        assert cache.lookup("prompt", "llm") == [Generation(text="Hi")]
        await async_cache.aclear() if each is async_cache else cache.clear()
        assert cache.lookup("prompt", "llm") is None


async def test_without_a_server_the_model_answers(provider):
    cache = ParacleCache(
        SafeCache(Client("127.0.0.1:1", timeout=0.2)), AsyncSafeCache(aio.Client("127.0.0.1:1", timeout=0.2))
    )
    model = chat(provider, cache)
    for _ in range(2):
        assert model.invoke("Hello!").content == (await model.ainvoke("Hello!")).content
    cache.clear()
    await cache.aclear()
    assert provider.calls == 4

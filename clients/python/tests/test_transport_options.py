"""What the transports' options do, and what is told of the original call."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import paracle_cache.httpx
import paracle_cache.httpx2
from paracle_cache import aio
from paracle_cache.client import Client
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from paracle_cache.key import CacheKey
from paracle_cache.pricing import Price
from paracle_cache.results import Hit, Miss
from replay import recorded
from replay.caller import FLAVOURS, calling
from replay.provider import Answer, Provider

PAIR = recorded.pick("anthropic", "/messages", "plain")[0]
STREAM = recorded.pick("anthropic", "/messages", "plain-stream")[0]


@pytest.fixture
def provider():
    with Provider().serving() as provider:
        provider.answer = Answer.of(PAIR)
        yield provider


def key_of(provider: Provider, pair: recorded.Pair) -> CacheKey:
    return CacheKey.from_request(
        provider=provider.url.removeprefix("http://"),
        endpoint=pair.path,
        body=json.dumps(pair.request).encode(),
    )


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("pair", [PAIR, STREAM], ids=["document", "stream"])
def test_the_origin_is_what_the_call_told(flavour, client, provider, pair):
    provider.answer = Answer.of(pair)
    asked = []

    def cost(model, usage):
        asked.append((model, usage))
        return 0.25

    with calling(flavour, client, cost=cost) as caller:
        caller.post(provider.url + pair.path, json.dumps(pair.request).encode())
    hit = client.get(key_of(provider, pair))
    [(model, usage)] = asked
    assert model == pair.request["model"]
    assert min(usage.prompt_tokens, usage.completion_tokens) > 0
    assert (hit.origin.prompt_tokens, hit.origin.completion_tokens) == (
        usage.prompt_tokens,
        usage.completion_tokens,
    )
    assert hit.origin.cost_usd == 0.25
    assert 0 < hit.origin.latency < 30


def test_latency_is_to_the_end_of_the_body(client, provider):
    may_end = threading.Event()
    provider.answer = Answer.of(STREAM)
    provider.answer.hold_before_last = may_end
    with calling("httpx", client) as caller:
        reply = caller.open(provider.url + STREAM.path, json.dumps(STREAM.request).encode())
        reply.next()
        threading.Timer(0.3, may_end.set).start()
        reply.rest()
    assert client.get(key_of(provider, STREAM)).origin.latency > 0.25


def test_a_mapping_of_prices_prices_by_the_model_that_was_asked(client, provider):
    with calling("httpx", client, cost={PAIR.request["model"]: Price(1e6, 0.0)}) as caller:
        caller.post(provider.url + PAIR.path, json.dumps(PAIR.request).encode())
    origin = client.get(key_of(provider, PAIR)).origin
    assert origin.cost_usd == origin.prompt_tokens > 0


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_tags_and_ttl_are_those_of_the_entries(flavour, client, provider):
    with calling(flavour, client, tags=["release-7"], ttl=60) as caller:
        caller.post(provider.url + PAIR.path, json.dumps(PAIR.request).encode())
    hit = client.get(key_of(provider, PAIR))
    assert (hit.expire_time - hit.create_time).total_seconds() == pytest.approx(60, abs=1)
    assert client.invalidate(tag="release-7").count == 1


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_cache_if_decides_and_gets_the_parsed_answer(flavour, client, provider):
    cut = json.loads(PAIR.body) | {"stop_reason": "max_tokens"}
    provider.answer = Answer([json.dumps(cut).encode()])
    seen = []
    for cache_if, expected in ((lambda answer: seen.append(answer) or False, Miss), (lambda _: True, Hit)):
        with calling(flavour, client, cache_if=cache_if) as caller:
            caller.post(provider.url + PAIR.path, json.dumps(PAIR.request).encode())
        assert isinstance(client.get(key_of(provider, PAIR)), expected)
    assert seen == [cut]


def test_cache_if_gets_the_events_of_a_stream(client, provider):
    provider.answer = Answer.of(STREAM)
    seen = []
    with calling("httpx", client, cache_if=lambda events: not seen.extend(events)) as caller:
        caller.post(provider.url + STREAM.path, json.dumps(STREAM.request).encode())
    assert (seen[0]["type"], seen[-1]["type"]) == ("message_start", "message_stop")
    assert isinstance(client.get(key_of(provider, STREAM)), Hit)


@pytest.mark.parametrize("module", [paracle_cache.httpx, paracle_cache.httpx2])
@pytest.mark.parametrize("options", [{"ttl": 0}, {"ttl": -1}, {"ttl": float("nan")}, {"tags": "release-7"}])
def test_an_option_that_cannot_be_meant_is_an_error_at_once(module, options):
    [name] = options
    for transport in (module.CachingTransport, module.AsyncCachingTransport):
        with pytest.raises(ValueError, match=f"{name} is "):
            transport(**options)


@pytest.mark.parametrize("flavour", [flavour for flavour in FLAVOURS if "async" in flavour])
@pytest.mark.parametrize(("padding", "beside"), [(100, False), (1 << 20, True)])
def test_a_large_answer_is_judged_beside_the_event_loop(flavour, client, provider, padding, beside):
    answer = json.loads(PAIR.body) | {"padding": "x" * padding}
    provider.answer = Answer([json.dumps(answer).encode()])
    threads = []
    with calling(
        flavour, client, cache_if=lambda _: not threads.append(threading.current_thread().name)
    ) as caller:
        caller.post(provider.url + PAIR.path, json.dumps(PAIR.request).encode())
    assert [thread != "caller-loop" for thread in threads] == [beside]
    assert isinstance(client.get(key_of(provider, PAIR)), Hit)


@pytest.mark.parametrize("module", [paracle_cache.httpx, paracle_cache.httpx2])
async def test_what_a_mock_transport_answers_is_stored_too(client, module):
    library = getattr(module, module.__name__.rpartition(".")[2])
    calls = []

    def handle(request):
        calls.append(request)
        return library.Response(200, json=PAIR.answer)

    mock = library.MockTransport(handle)
    cache = SafeCache(client)
    with library.Client(transport=module.CachingTransport(mock, cache=cache)) as http:
        replies = [http.post("http://a.test" + PAIR.path, json=PAIR.request) for _ in range(2)]
    async_cache = AsyncSafeCache(
        aio.Client(client.settings.endpoint, namespace=client.settings.namespace, timeout=10)
    )
    async with library.AsyncClient(transport=module.AsyncCachingTransport(mock, cache=async_cache)) as http:
        replies += [await http.post("http://b.test" + PAIR.path, json=PAIR.request) for _ in range(2)]
    await async_cache.close()
    assert [reply.headers["x-paracle-cache"] for reply in replies] == ["miss", "hit", "miss", "hit"]
    assert [reply.json() for reply in replies] == [PAIR.answer] * 4
    assert len(calls) == 2


def test_a_switched_off_cache_is_not_asked(shared_server, provider):
    with Client(shared_server.address, enabled=False) as client, calling("httpx", client) as caller:
        replies = [caller.post(provider.url + PAIR.path, json.dumps(PAIR.request).encode()) for _ in range(2)]
    assert [reply.outcome for reply in replies] == ["bypass", "bypass"]


def test_the_two_flavours_differ_in_the_library_alone():
    texts = [Path(module.__file__).read_text() for module in (paracle_cache.httpx, paracle_cache.httpx2)]
    assert texts[0].replace("httpx", "httpx2") == texts[1]


def embedding_of(text: str) -> bytes:
    return json.dumps({"object": "list", "data": [{"object": "embedding", "embedding": [text]}]}).encode()


def test_threads_never_get_each_others_answers(client, provider):
    """Two identities ask 8 questions each, over and over; the provider answers with the question."""
    provider.answer_to = lambda body: Answer([embedding_of(json.loads(body)["input"])])
    with calling("httpx", client) as caller:

        def ask(number):
            text = f"identity {number % 2}, question {number // 2 % 8}"
            body = json.dumps({"model": "m", "input": text}).encode()
            reply = caller.post(f"{provider.url}/v1/embeddings", body)
            return json.loads(reply.body)["data"][0]["embedding"] == [text], reply.outcome

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(ask, range(800)))
    assert all(own for own, _ in results)
    assert sum(outcome == "hit" for _, outcome in results) >= 800 - 2 * 8 * 8

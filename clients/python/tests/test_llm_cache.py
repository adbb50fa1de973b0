"""The documented API by CacheKey: unchanged names, the service behind it, nothing raised because of the cache."""

import json
import logging
import socket
import threading
import uuid

import pytest

from paracle_cache import aio
from paracle_cache.client import Client
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from paracle_cache.llm_cache import CacheKey, LLMCache, get_llm_cache
from paracle_cache.results import Origin

HELLO = [{"role": "user", "content": "Hello!"}]
KEY = CacheKey(provider="openai", model="gpt-4", messages=HELLO, temperature=0.7)
ANSWER = {"choices": [{"message": {"content": "Hi"}}]}


@pytest.fixture
def safe(client):
    safe = SafeCache(client)
    yield safe
    safe.close()


@pytest.fixture
def cache(safe):
    return LLMCache(ttl=3600, cache=safe)


@pytest.fixture
def dead():
    """A cache that nobody answers for."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    safe = SafeCache(Client(address, timeout=0.2))
    yield LLMCache(cache=safe)
    safe.close()


def test_a_key_is_64_hex_digits():
    assert KEY.to_string() == KEY.digest().hex()
    assert len(KEY.to_string()) == 64


def test_what_is_set_is_got_until_it_is_invalidated(cache):
    assert cache.get(KEY) is None
    assert cache.set(KEY, ANSWER, ttl=7200) is True
    assert cache.get(KEY) == ANSWER
    assert cache.invalidate(KEY) is True
    assert cache.get(KEY) is None


async def test_the_methods_for_asyncio_are_the_same(client):
    endpoint, namespace = client.settings.endpoint, client.settings.namespace
    safe = AsyncSafeCache(aio.Client(endpoint, namespace=namespace, timeout=10))
    cache = LLMCache(async_cache=safe)
    assert await cache.aget(KEY) is None
    assert await cache.aset(KEY, ANSWER) is True
    assert await cache.aget(KEY) == ANSWER
    assert (await cache.aentry(KEY)).hit_count == 2
    assert (await cache.astats())["hits"] == 2
    assert await cache.ahit_rate() == pytest.approx(2 / 3)
    assert await cache.ainvalidate(KEY) is True
    assert await cache.aget(KEY) is None
    assert await cache.aclear() is True
    await safe.close()


def test_clear_forgets_one_namespace(cache, client):
    cache.set(KEY, ANSWER)
    with Client(client.settings.endpoint, namespace=f"other-{uuid.uuid4()}") as other:
        LLMCache(cache=SafeCache(other)).set(KEY, "kept")
        assert cache.clear() is True
        assert cache.get(KEY) is None
        assert LLMCache(cache=SafeCache(other)).get(KEY) == "kept"


@pytest.mark.parametrize(("ttl", "stored"), [(None, 3600), (0, 3600), (7200, 7200)])
def test_the_life_is_the_calls_else_the_objects(cache, client, ttl, stored):
    cache.set(KEY, ANSWER, ttl=ttl)
    hit = client.get(KEY)
    assert (hit.expire_time - hit.create_time).total_seconds() == pytest.approx(stored, abs=0.01)


def test_an_entry_tells_when_it_came_and_how_often_it_was_hit(cache):
    cache.set(KEY, ANSWER, ttl=60)
    cache.get(KEY)
    entry = cache.entry(KEY)
    assert (entry.value, entry.hit_count) == (ANSWER, 2)
    assert (entry.expires_at - entry.created_at).total_seconds() == pytest.approx(60, abs=0.01)
    assert not entry.is_expired()


def test_the_origin_and_tags_are_stored(cache, client):
    cache.set(KEY, ANSWER, tags=("v1",), origin=Origin(9, 3, 0.5, 1.5))
    assert client.get(KEY).origin == Origin(9, 3, 0.5, 1.5)
    assert client.invalidate(tag="v1").count == 1


def test_what_is_got_is_fresh(cache):
    cache.set(KEY, ANSWER)
    cache.get(KEY)["choices"].clear()
    assert cache.get(KEY) == ANSWER


@pytest.mark.parametrize("value", [("a", "tuple"), {1: "a"}, object(), float("nan"), b"bytes"])
def test_what_is_not_json_is_refused_with_one_warning(cache, caplog, value):
    assert [cache.set(KEY, value), cache.set(KEY, value)] == [False, False]
    assert cache.get(KEY) is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_key_that_is_refused_finds_nothing_with_one_warning(cache, caplog):
    refused = CacheKey("openai", params={"seed": 2**60})
    assert cache.get(refused) is None
    assert (cache.set(refused, ANSWER), cache.invalidate(refused)) == (False, False)
    assert len(caplog.records) == 1
    assert "/params/seed" in caplog.text


@pytest.mark.parametrize("ttl", [-1, float("nan"), "60", True])
def test_a_life_that_is_none_is_refused_by_set_and_raised_by_the_constructor(cache, ttl):
    assert cache.set(KEY, ANSWER, ttl=ttl) is False
    with pytest.raises(ValueError, match="seconds over 0"):
        LLMCache(ttl=ttl)


def test_a_set_after_a_miss_is_refused_when_the_key_was_invalidated_in_between(cache, client):
    cache.get(KEY)
    client.invalidate(KEY)
    assert cache.set(KEY, "older than the invalidation") is False
    assert cache.set(KEY, "newer") is True


def test_a_set_without_a_miss_and_after_an_invalidation_of_ones_own_is_stored(cache):
    assert cache.set(KEY, "warmed") is True
    cache.invalidate(KEY)
    cache.get(KEY)
    cache.invalidate(KEY)
    assert cache.set(KEY, "new") is True


def test_an_older_miss_of_another_thread_does_not_get_the_newer_token(cache, client):
    cache.get(KEY)  # this thread's fill begins here

    def invalidate_and_fill():
        client.invalidate(KEY)
        cache.get(KEY)
        results.append(cache.set(KEY, "newer"))

    results = []
    thread = threading.Thread(target=invalidate_and_fill)
    thread.start()
    thread.join(timeout=10)

    assert results == [True]
    assert cache.set(KEY, "older") is False
    assert cache.get(KEY) == "newer"


def test_a_set_in_another_thread_than_the_miss_carries_its_token(cache, client):
    cache.get(KEY)
    client.invalidate(KEY)
    results = []
    thread = threading.Thread(target=lambda: results.append(cache.set(KEY, "older")))
    thread.start()
    thread.join(timeout=10)
    assert results == [False]


def test_stats_are_the_services_for_this_namespace(cache):
    cache.get(KEY)
    cache.set(KEY, ANSWER, origin=Origin(9, 3, 0.5, 1.5))
    cache.get(KEY)
    stats = cache.stats()

    assert stats.keys() >= {
        *("backend", "enabled", "entries", "max_size", "utilization"),
        *("hits", "misses", "total_requests", "hit_rate"),
    }
    assert (stats["source"], stats["backend"], stats["enabled"]) == ("service", "memory", True)
    assert (stats["hits"], stats["misses"], stats["total_requests"], stats["hit_rate"]) == (1, 1, 2, 0.5)
    assert (stats["cached_tokens"], stats["estimated_cost_saved"]) == (12, 0.5)
    assert stats["entries"] >= 1
    assert stats["utilization"] == pytest.approx(stats["entries"] / stats["max_size"])
    assert cache.hit_rate() == 0.5
    json.dumps(stats)


def test_without_the_service_nothing_is_found_and_stats_say_whose_they_are(dead):
    assert dead.get(KEY) is None
    assert (dead.set(KEY, ANSWER), dead.invalidate(KEY), dead.clear()) == (False, False, False)
    stats = dead.stats()
    assert (stats["source"], stats["backend"], stats["hits"], stats["hit_rate"]) == ("client", None, 0, None)
    assert dead.hit_rate() is None


def test_one_object_for_each_life():
    assert get_llm_cache(ttl=3600) is get_llm_cache(ttl=3600)
    assert get_llm_cache() is get_llm_cache()
    assert get_llm_cache(ttl=60) is not get_llm_cache(ttl=3600)

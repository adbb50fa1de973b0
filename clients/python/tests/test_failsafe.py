"""The layer that never raises: what it costs and says when the cache is killed, frozen, elsewhere or restarted."""

import asyncio
import gc
import logging
import signal
import time

import pytest

from paracle_cache import CacheKey, Client, Hit, Miss, aio
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from paracle_cache.key import EntryId

from support.ports import free_port
from support.real_server import ServerProcess
from support.waiting_for import wait_until, wait_until_async

KEY = CacheKey(provider="openai", model="m")
TIMEOUT = 0.3


@pytest.fixture
def cache(server):
    cache = SafeCache(Client(server.address, timeout=TIMEOUT))
    yield cache
    cache.close()


def fill(cache: SafeCache) -> None:
    """A cold server and a busy machine may need more than one attempt."""
    wait_until(lambda: isinstance(cache.lookup(KEY), Miss))
    miss = cache.lookup(KEY)
    assert cache.store(KEY, b"answer", content_type="text/plain", fill_token=miss.fill_token)


def messages(caplog) -> list[tuple[str, str]]:
    return [
        (record.levelname, record.getMessage()) for record in caplog.records if record.name == "paracle_cache"
    ]


def assert_costs_nothing(cache: SafeCache) -> None:
    """100 lookups of an open circuit within 0.1 s: at most 1 ms each, as promised."""
    begin = time.monotonic()
    assert [cache.lookup(KEY) for _ in range(100)] == [None] * 100
    assert time.monotonic() - begin < 0.1


def test_a_hit_a_miss_and_a_forgotten_answer(cache):
    fill(cache)
    assert cache.lookup(KEY).payload == b"answer"
    assert cache.forget(KEY)
    assert isinstance(cache.lookup(KEY), Miss)
    assert cache.clear()
    assert cache.stats().total.hits == 1


def test_a_killed_server_costs_three_failures_then_nothing(cache, server, caplog):
    fill(cache)
    server.process.kill()
    server.process.wait()
    with caplog.at_level(logging.INFO, "paracle_cache"):
        begin = time.monotonic()
        for _ in range(3):
            assert cache.lookup(KEY) is None
        assert time.monotonic() - begin < 3 * TIMEOUT + 1
        assert_costs_nothing(cache)
        assert cache.store(KEY, b"x", content_type="", fill_token=b"") is False
    assert [level for level, _ in messages(caplog)] == ["WARNING"]
    assert "does not answer" in messages(caplog)[0][1]


def test_a_frozen_server_costs_one_timeout_a_call_and_is_found_again(cache, server, caplog):
    fill(cache)
    server.freeze()
    with caplog.at_level(logging.INFO, "paracle_cache"):
        for _ in range(3):
            begin = time.monotonic()
            assert cache.lookup(KEY) is None
            assert time.monotonic() - begin < TIMEOUT + 0.5
        assert_costs_nothing(cache)
        server.process.send_signal(signal.SIGCONT)
        wait_until(lambda: isinstance(cache.lookup(KEY), Hit))
    assert [level for level, _ in messages(caplog)] == ["WARNING", "INFO"]


def test_a_server_restarted_on_its_port_is_found_again():
    port = f"127.0.0.1:{free_port()}"
    first = ServerProcess("--listen", port)
    cache = SafeCache(Client(port, timeout=TIMEOUT))
    fill(cache)
    first.process.kill()
    first.process.wait()
    wait_until(lambda: not cache.lookup(KEY) and cache._process().guard.is_open)
    second = ServerProcess("--listen", port)
    try:
        wait_until(lambda: isinstance(cache.lookup(KEY), Miss))
    finally:
        cache.close()
        second.stop()


def test_a_wrong_port_never_raises():
    cache = SafeCache(Client(f"127.0.0.1:{free_port()}", timeout=TIMEOUT))
    assert [cache.lookup(KEY) for _ in range(5)] == [None] * 5
    assert cache.stats() is None
    assert not cache.clear()
    assert not cache.forget(KEY)
    cache.close()


def test_settings_that_cannot_be_read_are_one_warning_and_no_cache(monkeypatch, caplog):
    monkeypatch.setenv("PARACLE_CACHE_TIMEOUT", "soon")
    first, second = SafeCache(), SafeCache()
    assert not first.enabled
    assert first.lookup(KEY) is second.lookup(KEY) is None
    assert [message for _, message in messages(caplog)] == [
        "the cache is off: PARACLE_CACHE_TIMEOUT='soon': accepted is seconds, over 0"
    ]


def test_a_cache_that_is_off_is_silent(monkeypatch, caplog):
    monkeypatch.setenv("PARACLE_CACHE_ENABLED", "false")
    cache = SafeCache()
    assert not cache.enabled
    assert cache.lookup(KEY) is None
    assert messages(caplog) == []


def test_a_key_that_is_refused_is_one_warning_and_no_failure(cache, caplog):
    bad = CacheKey(provider="p", params={"x": object()})
    assert [cache.lookup(bad) for _ in range(5)] == [None] * 5
    assert [message for _, message in messages(caplog)] == [
        "not cached: no cache key: /params/x: object is not JSON"
    ]
    fill(cache)


def test_what_the_server_refuses_does_not_open_the_circuit(cache):
    wait_until(lambda: isinstance(cache.lookup(KEY), Miss))
    assert [cache.lookup(EntryId(b"short")) for _ in range(5)] == [None] * 5
    fill(cache)


def test_the_entry_limit_is_learnt_in_the_background():
    server = ServerProcess("--max-entry-bytes", "100KiB")
    cache = SafeCache(Client(server.address, timeout=5))
    assert cache.max_entry_bytes == 3 << 20
    fill(cache)
    wait_until(lambda: cache.max_entry_bytes == 100 << 10)
    assert cache.store(KEY, b"x" * (101 << 10), content_type="", fill_token=b"") is False
    cache.close()
    server.stop()


def test_the_shared_cache_is_one(monkeypatch):
    monkeypatch.setenv("PARACLE_CACHE_ENABLED", "false")
    monkeypatch.setattr("paracle_cache._failsafe.sync_cache._shared", {})
    assert SafeCache.shared() is SafeCache.shared()


async def test_asyncio_a_frozen_server_costs_three_timeouts_and_is_found_again(server, caplog):
    cache = AsyncSafeCache(aio.Client(server.address, timeout=TIMEOUT))
    miss = None
    while not isinstance(miss, Miss):
        miss = await cache.lookup(KEY)
    assert await cache.store(KEY, b"answer", content_type="", fill_token=miss.fill_token)
    server.freeze()
    with caplog.at_level(logging.INFO, "paracle_cache"):
        begin = time.monotonic()
        assert [await cache.lookup(KEY) for _ in range(3)] == [None] * 3
        assert time.monotonic() - begin < 3 * TIMEOUT + 1.5
        begin = time.monotonic()
        assert [await cache.lookup(KEY) for _ in range(100)] == [None] * 100
        assert time.monotonic() - begin < 0.1
        server.process.send_signal(signal.SIGCONT)
        await wait_until_async(lambda: not cache._guard.is_open)
        assert isinstance(await cache.lookup(KEY), Hit)
    assert [level for level, _ in messages(caplog)] == ["WARNING", "INFO"]
    await cache.close()


def test_asyncio_a_loop_that_ends_while_the_cache_is_sick_ends_in_silence(caplog, capfd):
    async def fail(address):
        cache = AsyncSafeCache(aio.Client(address, timeout=TIMEOUT))
        assert [await cache.lookup(KEY) for _ in range(4)] == [None] * 4

    loop = asyncio.new_event_loop()
    loop.run_until_complete(fail(f"127.0.0.1:{free_port()}"))
    loop.close()
    gc.collect()
    assert "Task was destroyed" not in caplog.text + capfd.readouterr().err


def test_asyncio_shared_is_one_per_loop_and_lets_closed_loops_go(monkeypatch):
    monkeypatch.setenv("PARACLE_CACHE_ENABLED", "false")
    monkeypatch.setattr("paracle_cache._failsafe.async_cache._shared", shared := {})

    async def same():
        assert AsyncSafeCache.shared() is AsyncSafeCache.shared()

    for _ in range(20):
        asyncio.run(same())
    assert len(shared) == 1

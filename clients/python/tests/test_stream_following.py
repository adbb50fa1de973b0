"""Who asks for a stream that somebody else is being given reads along: decorated generators and the real server."""

# ruff: noqa: ARG001  # what is decorated here uses few of its arguments

import asyncio
import contextvars
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from paracle_cache import aio
from paracle_cache.client import Client
from paracle_cache.decorators import cached_llm_call
from paracle_cache.errors import StreamBroken
from paracle_cache.failsafe import AsyncSafeCache, SafeCache

_anywhere = (
    contextvars.Context()
)  # One that holds no lease, as another thread or task: who holds one follows nobody


def elsewhere(work, *args):
    return _anywhere.run(work, *args)


async def elsewhere_async(coroutine):
    return await _anywhere.run(asyncio.create_task, coroutine)


async def take(stream, count):
    return [await anext(stream) for _ in range(count)]


async def rest_of(stream):
    return [item async for item in stream]


SOON = 10.0  # seconds, on a busy machine; a lease that is not given back holds for 30


class Model:
    """Yields what `items` says for each of its calls; an Event among them is waited for, an exception is raised."""

    def __init__(self, *items):
        self.items = items
        self.calls = 0

    def stream(self):
        self.calls += 1
        for item in self.items[min(self.calls, len(self.items)) - 1]:
            if isinstance(item, threading.Event):
                assert item.wait(SOON)
            elif isinstance(item, Exception):
                raise item
            else:
                yield item

    async def astream(self):
        self.calls += 1
        for item in self.items[min(self.calls, len(self.items)) - 1]:
            if isinstance(item, threading.Event):
                while not item.is_set():  # noqa: ASYNC110  # a test sets it from wherever it is
                    await asyncio.sleep(0.01)
            elif isinstance(item, Exception):
                raise item
            else:
                yield item


def asker(cache, model, **options):
    @cached_llm_call(cache=cache, provider="p", **options)
    def ask(question):
        yield from model.stream()

    return ask


def async_asker(cache, model, **options):
    @cached_llm_call(cache=cache, provider="p", **options)
    async def ask(question):
        async for item in model.astream():
            yield item

    return ask


def test_a_follower_is_given_each_chunk_before_the_last_is_made(cache):
    go_on = threading.Event()
    model = Model(["a", {"b": 1}, go_on, "c"])
    ask = asker(cache, model)
    holder, follower = ask(1), ask(1)
    assert [next(holder), next(holder)] == ["a", {"b": 1}]
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: [next(follower), next(follower)]).result(SOON) == ["a", {"b": 1}]
        go_on.set()
        assert list(holder) == ["c"]
        assert pool.submit(list, follower).result(SOON) == ["c"]
    assert list(ask(1)) == ["a", {"b": 1}, "c"]
    assert model.calls == 1


def test_many_followers_of_one_stream_make_one_call(cache):
    go_on = threading.Event()
    model = Model([*range(100), go_on, *range(100)])
    ask = asker(cache, model)
    with ThreadPoolExecutor(20) as pool:
        streams = [pool.submit(lambda: list(ask(1))) for _ in range(20)]
        time.sleep(0.2)
        go_on.set()
        assert [stream.result(SOON) for stream in streams] == [[*range(100), *range(100)]] * 20
    assert model.calls == 1


async def test_asyncio_many_followers_of_one_stream_make_one_call(async_cache):
    go_on = threading.Event()
    model = Model([*range(100), go_on, *range(100)])
    ask = async_asker(async_cache, model)

    async def read():
        return [item async for item in ask(1)]

    streams = [asyncio.create_task(read()) for _ in range(20)]
    await asyncio.sleep(0.2)
    go_on.set()
    assert await asyncio.gather(*streams) == [[*range(100), *range(100)]] * 20
    assert model.calls == 1


def test_an_empty_stream_is_followed_too(cache):
    """By default it is not stored; `cache_if` has it."""
    go_on = threading.Event()
    model = Model([go_on])
    ask = asker(cache, model, cache_if=lambda _: True)
    with ThreadPoolExecutor(2) as pool:
        streams = [pool.submit(lambda: list(ask(1))) for _ in range(2)]
        time.sleep(0.1)
        go_on.set()
        assert [stream.result(SOON) for stream in streams] == [[], []]
    assert model.calls == 1


def test_a_stream_that_keeps_coming_is_followed_beyond_the_wait(client):
    settings = client.settings
    cache = SafeCache(Client(settings.endpoint, namespace=settings.namespace, timeout=2, lease_wait=0.5))
    go_on = threading.Event()
    model = Model(["a", go_on, "b"])
    ask = asker(cache, model)
    holder, follower = ask(1), ask(1)
    next(holder)
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(list, follower)
        time.sleep(1)
        go_on.set()
        assert list(holder) == ["b"]
        assert rest.result(SOON) == ["a", "b"]
    assert model.calls == 1
    cache.close()


@pytest.mark.parametrize("end", ["raises", "is left"])
def test_when_the_holder_ends_early_a_follower_goes_on_behind_what_it_has(cache, end):
    go_on = threading.Event()
    model = Model(["a", "b", go_on, LookupError()], ["a", "b", "c"])
    ask = asker(cache, model)
    holder, follower = ask(1), ask(1)
    assert [next(holder), next(holder)] == ["a", "b"]
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: [next(follower), next(follower)]).result(SOON) == ["a", "b"]
        rest = pool.submit(list, follower)
        if end == "raises":
            go_on.set()
            with pytest.raises(LookupError):
                next(holder)
        else:
            holder.close()
        began = time.monotonic()
        assert rest.result(SOON) == ["c"]
        assert time.monotonic() - began < SOON / 2
    assert model.calls == 2
    assert list(ask(1)) == ["a", "b", "c"]


def test_a_stream_that_begins_differently_is_never_spliced(cache):
    model = Model(["a", "b"], ["a", "x", "c"], ["a", "x", "c"])
    ask = asker(cache, model)
    holder, follower = ask(1), ask(1)
    assert [next(holder), next(holder)] == ["a", "b"]
    assert [elsewhere(next, follower) for _ in range(2)] == ["a", "b"]
    holder.close()
    with pytest.raises(StreamBroken, match="begins differently"):
        elsewhere(next, follower)
    assert list(ask(1)) == ["a", "x", "c"]  # Nobody holds a lease, and nothing broken was stored.


async def test_asyncio_when_the_holder_ends_early_a_follower_goes_on_behind_what_it_has(async_cache):
    model = Model(["a", "b", threading.Event()], ["a", "b", "c"])
    ask = async_asker(async_cache, model)
    holder, follower = ask(1), ask(1)
    assert [await anext(holder), await anext(holder)] == ["a", "b"]
    assert await elsewhere_async(take(follower, 2)) == ["a", "b"]
    await holder.aclose()
    assert await elsewhere_async(rest_of(follower)) == ["c"]
    assert model.calls == 2


async def test_asyncio_a_stream_that_begins_differently_is_never_spliced(async_cache):
    model = Model(["a", "b", threading.Event()], ["a"])
    ask = async_asker(async_cache, model)
    holder, follower = ask(1), ask(1)
    assert [await anext(holder), await anext(holder)] == ["a", "b"]
    assert await elsewhere_async(take(follower, 2)) == ["a", "b"]
    await holder.aclose()
    with pytest.raises(StreamBroken, match="begins differently"):
        await elsewhere_async(take(follower, 1))


async def test_asyncio_a_cancelled_holder_lets_a_follower_take_over(async_cache):
    model = Model(["a", threading.Event()], ["a", "b"])
    ask = async_asker(async_cache, model)
    begun = asyncio.Event()

    async def read():
        got = []
        async for item in ask(1):
            got.append(item)
            begun.set()
        return got

    holder = asyncio.create_task(read())
    await begun.wait()
    follower = asyncio.create_task(read())
    await asyncio.sleep(0.1)
    holder.cancel()
    assert await asyncio.wait_for(follower, SOON) == ["a", "b"]


@pytest.mark.parametrize("chunk", [("a", "tuple"), "x" * (4 << 20)], ids=["not-json", "too-large"])
def test_what_cannot_be_stored_reaches_its_reader_and_lets_others_ask(cache, chunk):
    model = Model(["a", chunk, "b"])
    ask = asker(cache, model)
    assert list(ask(1)) == ["a", chunk, "b"]
    began = time.monotonic()
    assert list(ask(1)) == ["a", chunk, "b"]
    assert time.monotonic() - began < SOON


def test_a_follower_that_leaves_changes_nothing(cache):
    model = Model(["a", "b", "c"])
    ask = asker(cache, model)
    holder, follower = ask(1), ask(1)
    assert next(holder) == elsewhere(next, follower) == "a"
    follower.close()
    assert list(holder) == ["b", "c"]
    assert list(ask(1)) == ["a", "b", "c"]
    assert model.calls == 1


def test_without_coalescing_nobody_follows(cache):
    model = Model(["a", "b"])
    ask = asker(cache, model, coalesce=False)
    first, second = ask(1), ask(1)
    assert next(first) == elsewhere(next, second) == "a"
    assert model.calls == 2


def test_a_reader_that_asks_the_same_in_between_does_not_wait_for_itself(cache):
    model = Model(["a", "b"])
    ask = asker(cache, model)
    assert [(outer, list(ask(1))) for outer in ask(1)] == [("a", ["a", "b"]), ("b", ["a", "b"])]


@pytest.mark.parametrize("fault", ["frozen", "killed"])
def test_when_the_server_goes_away_a_follower_calls_the_model_and_goes_on(server, namespace, fault):
    cache = SafeCache(Client(server.address, namespace=namespace, timeout=0.5))
    model = Model(["a", "b", threading.Event()], ["a", "b", "c"])
    ask = asker(cache, model)
    holder, follower = ask(1), ask(1)
    assert [next(holder), next(holder)] == ["a", "b"]
    assert [elsewhere(next, follower) for _ in range(2)] == ["a", "b"]
    server.freeze() if fault == "frozen" else server.process.kill()
    began = time.monotonic()
    assert elsewhere(list, follower) == ["c"]
    assert time.monotonic() - began < 4  # The silence is one timeout of 0.5 s.
    holder.close()
    cache.close()


async def test_asyncio_when_the_server_freezes_a_follower_calls_the_model_and_goes_on(server, namespace):
    cache = AsyncSafeCache(aio.Client(server.address, namespace=namespace, timeout=0.5))
    model = Model(["a", "b", threading.Event()], ["a", "b", "c"])
    ask = async_asker(cache, model)
    holder, follower = ask(1), ask(1)
    assert [await anext(holder), await anext(holder)] == ["a", "b"]
    assert await elsewhere_async(take(follower, 2)) == ["a", "b"]
    server.freeze()
    began = time.monotonic()
    assert await elsewhere_async(rest_of(follower)) == ["c"]
    assert time.monotonic() - began < 4
    await holder.aclose()
    await cache.close()

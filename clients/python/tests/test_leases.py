"""One model call for one question, whoever asks: threads, tasks and processes against the real server."""

# ruff: noqa: ARG001, ARG005  # what is decorated here uses few of its arguments

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from paracle_cache import CacheKey, Client, aio
from paracle_cache.decorators import cached_llm_call
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from paracle_cache.llm_cache import LLMCache

from support.askers import Asker
from support.real_server import running_server
from support.waiting_for import wait_until

MANY = 20
HOLD = 30.0  # seconds that a lease holds by default: who waits for it to end has not been told
SOON = 10.0  # seconds, on a busy machine; far less than HOLD
KEY = CacheKey(provider="p", model="m")


class Model:
    """Counts its calls. `behave` makes the answer, from the number of the call."""

    def __init__(self, behave=lambda number: f"answer {number}"):
        self.calls = 0
        self.lock = threading.Lock()
        self.behave = behave

    def answer(self):
        with self.lock:
            self.calls += 1
            number = self.calls
        return self.behave(number)


def slow(number):
    time.sleep(0.2)
    return f"answer {number}"


def asker(cache, model, **options):
    @cached_llm_call(cache=cache, **options)
    def ask(provider, question):
        return model.answer()

    return ask


def async_asker(cache, model, **options):
    @cached_llm_call(cache=cache, **options)
    async def ask(provider, question):
        return await model()

    return ask


def at_once(work, count=MANY):
    """The results of `count` threads that begin together."""
    start = threading.Barrier(count)

    def run(_):
        start.wait(SOON)
        return work()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_threads_that_ask_the_same_make_one_call(cache):
    model = Model(slow)
    ask = asker(cache, model)
    assert at_once(lambda: ask("p", 1)) == ["answer 1"] * MANY
    assert model.calls == 1


async def test_tasks_that_ask_the_same_make_one_call(async_cache):
    calls = 0

    async def model():
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.2)
        return f"answer {calls}"

    ask = async_asker(async_cache, model)
    assert await asyncio.gather(*(ask("p", 1) for _ in range(MANY))) == ["answer 1"] * MANY
    assert calls == 1


def test_processes_that_ask_the_same_make_one_call(shared_server, namespace, tmp_path):
    calls = tmp_path / "calls"
    askers = [Asker(calls, shared_server.address, namespace) for _ in range(8)]
    for each in askers:
        each.go()
    answers = {each.answer() for each in askers}
    assert len(calls.read_text().split()) == 1
    assert answers == {f"answer of {calls.read_text().strip()}"}


def test_get_or_compute_computes_once(cache):
    model, llm_cache = Model(slow), LLMCache(cache=cache)
    assert at_once(lambda: llm_cache.get_or_compute(KEY, model.answer)) == ["answer 1"] * MANY
    assert model.calls == 1


async def test_asyncio_get_or_compute_computes_once(async_cache):
    llm_cache = LLMCache(async_cache=async_cache)
    calls = 0

    async def model():
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.2)
        return f"answer {calls}"

    answers = await asyncio.gather(*(llm_cache.aget_or_compute(KEY, model) for _ in range(MANY)))
    assert (answers, calls) == (["answer 1"] * MANY, 1)


def test_without_coalescing_everybody_calls_the_model(cache):
    together = threading.Barrier(MANY)
    model = Model(lambda number: together.wait(SOON) < MANY)
    ask = asker(cache, model, coalesce=False)
    assert at_once(lambda: ask("p", 1)) == [True] * MANY
    assert model.calls == MANY


def test_variants_of_a_question_are_asked_each(cache):
    model = Model(slow)
    ask = cached_llm_call(cache=cache, provider="p")(lambda question, sample: model.answer())
    with ThreadPoolExecutor(5) as pool:
        assert len(set(pool.map(lambda n: ask("the same", sample=n), range(5)))) == 5
    llm_cache = LLMCache(cache=cache)
    samples = [
        llm_cache.get_or_compute(CacheKey(provider="p", model="m", variant=n), model.answer) for n in range(5)
    ]
    assert len(set(samples)) == 5
    assert model.calls == 10


class Failing:
    """A model whose first call waits until the test says how it ends; the next answers at once."""

    def __init__(self, end):
        self.entered, self.go_on = threading.Event(), threading.Event()
        self.end = end

    def __call__(self, number):
        if number > 1:
            return f"answer {number}"
        self.entered.set()
        assert self.go_on.wait(HOLD)
        return self.end()


def fail(error):
    raise error


@pytest.mark.parametrize("error", [LookupError(), KeyboardInterrupt(), SystemExit()], ids=repr)
def test_when_the_call_fails_one_of_those_who_wait_makes_it(cache, error):
    first = Failing(lambda: fail(error))
    model = Model(first)
    ask = asker(cache, model)
    raised = []

    def hold():
        try:
            ask("p", 1)
        except BaseException as seen:  # noqa: BLE001  # it is looked at below
            raised.append(seen)

    holder = threading.Thread(target=hold)
    holder.start()
    assert first.entered.wait(SOON)
    with ThreadPoolExecutor(5) as pool:
        waiters = [pool.submit(ask, "p", 1) for _ in range(5)]
        time.sleep(0.1)  # Some wait by now; whether they do changes nothing that is asserted.
        first.go_on.set()
        began = time.monotonic()
        assert {waiter.result(HOLD) for waiter in waiters} == {"answer 2"}
        assert time.monotonic() - began < SOON
    holder.join(SOON)
    assert raised == [error]
    assert model.calls == 2


@pytest.mark.parametrize(
    "options", [{"cache_if": lambda answer: answer != "refused"}, {}], ids=["refused", "none"]
)
def test_when_the_answer_is_not_stored_one_of_those_who_wait_calls(cache, options):
    first = Failing(lambda: "refused" if options else None)
    model = Model(first)
    ask = asker(cache, model, **options)
    with ThreadPoolExecutor(6) as pool:
        holder = pool.submit(ask, "p", 1)
        assert first.entered.wait(SOON)
        waiters = [pool.submit(ask, "p", 1) for _ in range(5)]
        first.go_on.set()
        began = time.monotonic()
        assert {waiter.result(HOLD) for waiter in waiters} == {"answer 2"}
        assert time.monotonic() - began < SOON
        assert holder.result() in ("refused", None)
    assert model.calls == 2


async def test_when_the_holder_is_cancelled_one_of_those_who_wait_calls(async_cache):
    calls, entered = 0, asyncio.Event()

    async def model():
        nonlocal calls
        calls += 1
        if calls == 1:
            entered.set()
            await asyncio.sleep(HOLD)
        return f"answer {calls}"

    ask = async_asker(async_cache, model)
    holder = asyncio.create_task(ask("p", 1))
    await entered.wait()
    waiters = [asyncio.create_task(ask("p", 1)) for _ in range(5)]
    await asyncio.sleep(0.1)
    holder.cancel()
    began = time.monotonic()
    assert set(await asyncio.gather(*waiters)) == {"answer 2"}
    assert time.monotonic() - began < SOON
    assert calls == 2


async def test_a_cancelled_waiter_leaves_at_once_and_changes_nothing(async_cache):
    go_on, entered, calls = asyncio.Event(), asyncio.Event(), 0

    async def model():
        nonlocal calls
        calls += 1
        entered.set()
        await go_on.wait()
        return "answer"

    ask = async_asker(async_cache, model)
    holder = asyncio.create_task(ask("p", 1))
    await entered.wait()
    waiters = [asyncio.create_task(ask("p", 1)) for _ in range(MANY)]
    await asyncio.sleep(0.1)
    for waiter in waiters[::2]:
        waiter.cancel()
    began = time.monotonic()
    await asyncio.wait(waiters[::2])
    assert time.monotonic() - began < 2
    go_on.set()
    assert await asyncio.gather(holder, *waiters[1::2]) == ["answer"] * (1 + MANY // 2)
    assert calls == 1


def test_a_function_that_asks_itself_the_same_does_not_wait_for_itself(cache):
    depth = 0

    @cached_llm_call(cache=cache)
    def ask(provider, question):
        nonlocal depth
        depth += 1
        return "bottom" if depth == 3 else ask(provider, question)

    began = time.monotonic()
    assert ask("p", 1) == "bottom"
    assert time.monotonic() - began < SOON
    assert depth == 3


async def test_asyncio_a_function_that_asks_itself_in_a_task_does_not_wait_for_itself(async_cache):
    depth = 0

    @cached_llm_call(cache=async_cache)
    async def ask(provider, question):
        nonlocal depth
        depth += 1
        return "bottom" if depth == 3 else await asyncio.create_task(ask(provider, question))

    assert await asyncio.wait_for(ask("p", 1), SOON) == "bottom"


def test_a_lease_lasts_as_long_as_the_call(namespace):
    """Longer than its hold: it is renewed."""
    with running_server("--lease-hold", "1s") as server:
        cache = SafeCache(Client(server.address, namespace=namespace, timeout=10))
        first = Failing(lambda: "answer 1")
        model = Model(first)
        ask = asker(cache, model)
        with ThreadPoolExecutor(2) as pool:
            holder = pool.submit(ask, "p", 1)
            assert first.entered.wait(SOON)
            time.sleep(2)
            waiter = pool.submit(ask, "p", 1)
            time.sleep(1)
            first.go_on.set()
            assert [holder.result(SOON), waiter.result(SOON)] == ["answer 1"] * 2
        assert model.calls == 1
        cache.close()


def test_when_the_holders_process_is_killed_the_next_has_the_lease_when_it_ends(namespace, tmp_path):
    with running_server("--lease-hold", "1s") as server:
        calls = tmp_path / "calls"
        holder = Asker(calls, server.address, namespace, "hang")
        waiters = [Asker(calls, server.address, namespace) for _ in range(3)]
        holder.go()
        wait_until(calls.exists)
        for waiter in waiters:
            waiter.go()
        time.sleep(0.1)
        holder.kill()
        began = time.monotonic()
        answers = {waiter.answer() for waiter in waiters}
        assert time.monotonic() - began < 1 + SOON
        second = calls.read_text().split()[1]
        assert answers == {f"answer of {second}"}
        assert len(calls.read_text().split()) == 2


def test_when_the_server_goes_away_those_who_wait_call_the_model(server, namespace):
    cache = SafeCache(Client(server.address, namespace=namespace, timeout=0.5))
    wait_until(lambda: cache.lookup(KEY))
    entered, go_on = threading.Event(), threading.Event()

    def behave(number):
        entered.set()
        assert number > 1 or go_on.wait(HOLD)
        return f"answer {number}"

    model = Model(behave)
    ask = asker(cache, model)
    with ThreadPoolExecutor(6) as pool:
        holder = pool.submit(ask, "p", 1)
        assert entered.wait(SOON)
        waiters = [pool.submit(ask, "p", 1) for _ in range(5)]
        time.sleep(0.1)
        server.process.kill()
        began = time.monotonic()
        assert len({waiter.result(HOLD) for waiter in waiters}) == 5
        assert time.monotonic() - began < SOON
        began = time.monotonic()
        ask("p", 2)  # The circuit is open: nobody waits.
        assert time.monotonic() - began < 0.2
        go_on.set()
        assert holder.result(SOON) == "answer 1"
    assert model.calls == 7
    cache.close()


async def test_a_sync_and_an_async_function_wait_for_each_other(cache, async_cache):
    model = Model(slow)
    ask = asker(cache, model)

    async def amodel():
        return await asyncio.to_thread(model.answer)

    aask = async_asker(async_cache, amodel)
    answers = await asyncio.gather(
        *(asyncio.to_thread(ask, "p", 1) for _ in range(3)), *(aask("p", 1) for _ in range(3))
    )
    assert answers == ["answer 1"] * 6
    assert model.calls == 1


async def test_asyncio_when_the_server_freezes_those_who_wait_call_the_model(server, namespace):
    cache = AsyncSafeCache(aio.Client(server.address, namespace=namespace, timeout=0.5))
    calls, entered = 0, asyncio.Event()

    async def model():
        nonlocal calls
        calls += 1
        entered.set()
        if calls == 1:
            await asyncio.sleep(3)
        return f"answer {calls}"

    ask = async_asker(cache, model)
    holder = asyncio.create_task(ask("p", 1))
    await entered.wait()
    waiters = [asyncio.create_task(ask("p", 1)) for _ in range(5)]
    await asyncio.sleep(0.1)
    server.freeze()
    began = time.monotonic()
    await asyncio.gather(*waiters)
    assert time.monotonic() - began < 3  # One RPC timeout is 0.5 s.
    await holder
    assert calls == 6
    await cache.close()

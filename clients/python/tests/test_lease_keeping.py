"""What becomes of a lease while its holder is at it and afterwards, against a service that tells every call."""

# ruff: noqa: ARG001, ARG005  # what is decorated here uses few of its arguments

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from paracle_cache import CacheKey, Client, aio
from paracle_cache.decorators import cached_llm_call
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from paracle_cache.llm_cache import LLMCache

from support.fake_service import fake_service
from support.real_server import freeze
from support.waiting_for import wait_until

KEY = CacheKey(provider="p", model="m")
ENTRY = KEY.entry_id()
PATIENT = 10.0


def keeping_threads() -> int:
    return sum(thread.name == "paracle-cache-leases" for thread in threading.enumerate())


@pytest.fixture
def leased():
    """A service that gives a lease to everybody, for 0.3 s."""
    with fake_service("lease", "--hold", "0.3") as service:
        yield service


@pytest.fixture
def cache(leased):
    cache = SafeCache(Client(leased.address, timeout=PATIENT))
    yield cache
    cache.close()


def test_a_lease_is_renewed_while_the_model_is_at_it_and_not_afterwards(leased, cache):
    @cached_llm_call(cache=cache)
    def ask(provider, question):
        assert leased.next_get() == "lease lease"
        assert [leased.next_get() for _ in range(3)] == ["renew lease"] * 3
        return "answer"

    assert ask("p", 1) == "answer"
    wait_until(lambda: keeping_threads() == 0)
    lines = [line for line in leased.rest() if line != "renew lease"]
    assert lines == ["set lease"]


async def test_asyncio_a_lease_is_renewed_while_the_model_is_at_it_and_not_afterwards(leased):
    cache = AsyncSafeCache(aio.Client(leased.address, timeout=PATIENT))

    @cached_llm_call(cache=cache)
    async def ask(provider, question):
        lines = await asyncio.to_thread(lambda: [leased.next_get() for _ in range(4)])
        assert lines == ["lease lease"] + ["renew lease"] * 3
        return "answer"

    assert await ask("p", 1) == "answer"
    await asyncio.sleep(0.4)  # Longer than its hold.
    lines = leased.rest()
    assert lines[-1] == "set lease"
    await cache.close()


@pytest.mark.parametrize("when", ["stored", "refused", "raised"])
def test_one_thread_keeps_all_leases_and_ends_with_the_last(leased, cache, when):
    inside, go_on = threading.Semaphore(0), threading.Event()

    @cached_llm_call(cache=cache, cache_if=lambda _: when == "stored")
    def ask(provider, question):
        inside.release()
        assert go_on.wait(PATIENT)
        if when == "raised":
            raise LookupError
        return question

    def swallow(number):
        with contextlib.suppress(LookupError):
            ask("p", number)

    askers = [threading.Thread(target=swallow, args=(number,)) for number in range(8)]
    for asker in askers:
        asker.start()
    for _ in askers:
        assert inside.acquire(timeout=PATIENT)
    assert keeping_threads() == 1
    go_on.set()
    for asker in askers:
        asker.join(PATIENT)
    wait_until(lambda: keeping_threads() == 0)
    end = "set lease" if when == "stored" else "release lease"
    lines = [line for line in leased.rest() if not line.startswith("renew")]
    assert lines == ["lease lease"] * 8 + [end] * 8


def test_a_lost_lease_is_not_renewed_and_its_answer_is_not_stored():
    with fake_service("lease", "--hold", "0.1", "--lost") as service:
        cache = SafeCache(Client(service.address, timeout=PATIENT))

        @cached_llm_call(cache=cache)
        def ask(provider, question):
            assert [service.next_get() for _ in range(2)] == ["lease lease", "renew lease"]
            time.sleep(0.3)  # Longer than its hold.
            return "answer"

        assert ask("p", 1) == "answer"
        cache.close()
        assert service.rest() == []


async def test_asyncio_a_lost_lease_is_not_renewed_and_its_answer_is_not_stored():
    with fake_service("lease", "--hold", "0.1", "--lost") as service:
        cache = AsyncSafeCache(aio.Client(service.address, timeout=PATIENT))

        @cached_llm_call(cache=cache)
        async def ask(provider, question):
            await asyncio.sleep(0.5)
            return "answer"

        assert await ask("p", 1) == "answer"
        await cache.close()
        assert service.rest() == ["lease lease", "renew lease"]


@pytest.mark.parametrize(
    ("answer", "options"),
    [
        ("fine", {"cache_if": lambda _: False}),
        ({"choices": [{"finish_reason": "length"}], "object": "chat.completion"}, {}),
        ((1, 2), {}),
        ("x" * (3 << 20), {}),
        (None, {}),
    ],
    ids=["refused", "cut-short", "not-json", "too-large", "none"],
)
def test_a_lease_goes_back_when_the_answer_is_not_stored(leased, cache, answer, options):
    ask = cached_llm_call(cache=cache, provider="p", **options)(lambda question: answer)
    assert ask(1) == answer
    assert [leased.next_get() for _ in range(2)] == ["lease lease", "release lease"]


@pytest.mark.parametrize("error", [LookupError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_lease_goes_back_when_the_model_raises(leased, cache, error):
    @cached_llm_call(cache=cache)
    def ask(provider, question):
        raise error

    with pytest.raises(error):
        ask("p", 1)
    assert [leased.next_get() for _ in range(2)] == ["lease lease", "release lease"]


def test_get_or_compute_gives_its_lease_back_too(leased, cache):
    with pytest.raises(LookupError):
        LLMCache(cache=cache).get_or_compute(KEY, lambda: {}["nothing"])
    assert [leased.next_get() for _ in range(2)] == ["lease lease", "release lease"]


def test_a_lease_that_nobody_knows_of_any_more_goes_back(leased, cache):
    held = cache.claim(ENTRY)
    del held
    gc.collect()
    assert [leased.next_get() for _ in range(2)] == ["lease lease", "release lease"]


def test_a_cache_that_is_closed_gives_its_leases_back(leased, cache):
    held = cache.claim(ENTRY)
    cache.close()
    assert not held.is_open
    assert leased.rest() == ["lease lease", "release lease"]


def test_a_wait_that_ends_in_a_timeout_is_one_failure():
    with fake_service("pending") as service:
        cache = SafeCache(Client(service.address, timeout=0.5))
        outcome = []
        waiter = threading.Thread(target=lambda: outcome.append(cache.claim(ENTRY)))
        waiter.start()
        for _ in range(5):
            service.next_get()
        freeze(service.process.pid)
        waiter.join(PATIENT)
        assert outcome == [None]
        assert cache._process().guard._circuit.failures == 1
        cache.close()


def test_an_interrupt_ends_a_wait():
    code = """
from paracle_cache.decorators import cached_llm_call
cached_llm_call(provider="p")(lambda question: None)(1)
"""
    with fake_service("slow") as service:
        waiter = subprocess.Popen(
            [sys.executable, "-c", code], env=environment(service), stderr=subprocess.PIPE
        )
        for _ in range(3):
            service.next_get()
        waiter.send_signal(signal.SIGINT)
        said = waiter.communicate(timeout=PATIENT)[1]
        assert said.endswith(b"KeyboardInterrupt\n")


ENDS = {
    "raises": "raise LookupError",
    "exits": "sys.exit(3)",
    "exits the hard way": "try: sys.exit(3)\n    finally: atexit.register(os._exit, 3)",
    "leaves a daemon at it": "inside.set(); time.sleep(60)",
}


@pytest.mark.parametrize("end", ENDS)
def test_a_process_that_ends_gives_its_leases_back(leased, end):
    code = f"""
import atexit, os, sys, threading, time
from paracle_cache.decorators import cached_llm_call
inside = threading.Event()
@cached_llm_call
def ask(provider, question):
    {ENDS[end]}
if {end.startswith("leaves")}:
    threading.Thread(target=ask, args=("p", 1), daemon=True).start()
    inside.wait(10)
else:
    ask("p", 1)
"""
    subprocess.run([sys.executable, "-c", code], env=environment(leased), timeout=60, capture_output=True)
    assert {line for line in leased.rest() if line != "renew lease"} == {"lease lease", "release lease"}


ASYNC_ENDS = {
    "raises": "raise LookupError",
    "exits": "sys.exit(3)",
    "is cancelled": "asyncio.current_task().cancel(); await asyncio.sleep(60)",
    "is cancelled by a timeout": "await asyncio.wait_for(asyncio.sleep(60), 0.01)",
}


@pytest.mark.parametrize("end", ASYNC_ENDS)
def test_asyncio_a_program_that_ends_gives_its_leases_back(leased, end):
    """asyncio.run cancels whatever is left of its loop, the giving back as well."""
    code = f"""
import asyncio, sys
from paracle_cache.decorators import cached_llm_call
@cached_llm_call
async def ask(provider, question):
    {ASYNC_ENDS[end]}
asyncio.run(ask("p", 1))
"""
    subprocess.run([sys.executable, "-c", code], env=environment(leased), timeout=60, capture_output=True)
    assert {line for line in leased.rest() if line != "renew lease"} == {"lease lease", "release lease"}


def test_asyncio_a_task_left_behind_gives_its_lease_back(leased):
    code = """
import asyncio
from paracle_cache.decorators import cached_llm_call
inside = None
@cached_llm_call
async def ask(provider, question):
    inside.set()
    await asyncio.sleep(60)
async def main():
    global inside, task
    inside = asyncio.Event()
    task = asyncio.create_task(ask("p", 1))
    await inside.wait()
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code], env=environment(leased), timeout=60, check=True)
    assert {line for line in leased.rest() if line != "renew lease"} == {"lease lease", "release lease"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_child_neither_renews_nor_ends_the_lease_of_its_parent(leased):
    code = """
import os
from paracle_cache.decorators import cached_llm_call
@cached_llm_call
def ask(provider, question):
    global child
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return "answer"
child = None
assert ask("p", 1) == "answer"
"""
    subprocess.run([sys.executable, "-c", code], env=environment(leased), timeout=60, check=True)
    assert [line for line in leased.rest() if line != "renew lease"] == ["lease lease", "set lease"]


def environment(service) -> dict[str, str]:
    settings = {"PARACLE_CACHE_ENDPOINT": service.address, "PARACLE_CACHE_TIMEOUT": str(PATIENT)}
    return os.environ | settings

"""A process whose threads and event loop use the shared cache while it forks workers that go on using it.

    python forking_workers.py FORKS THREADS LOOPS

Prints one JSON line: how the workers ended, and what was answered to whom. The environment says where the cache is.
"""

import asyncio
import collections
import json
import os
import signal
import sys
import threading
import time

from paracle_cache import CacheKey, Hit, Miss
from paracle_cache.failsafe import AsyncSafeCache, SafeCache

QUESTIONS = 50
CHILD_CALLS = 30
DEADLINE = 30.0
CROSSED = 9


def question(number: int):
    return CacheKey(provider="p", model="m", params={"n": number % QUESTIONS}).entry_id()


def judge(number: int, found: Hit | Miss | None) -> str:
    if found is None:
        return "unanswered"
    if isinstance(found, Hit):
        return "right" if found.payload == b"%d" % (number % QUESTIONS) else "crossed"
    return "missed"


def fill(cache: SafeCache) -> None:
    for number in range(QUESTIONS):
        while not isinstance(found := cache.lookup(question(number)), Hit):
            if isinstance(found, Miss):
                cache.store(
                    question(number), b"%d" % number, content_type="text/plain", fill_token=found.fill_token
                )


def work_in_thread(cache: SafeCache, stop: threading.Event, seen: collections.Counter) -> None:
    number = 0
    while not stop.is_set():
        seen[judge(number, cache.lookup(question(number)))] += 1
        number += 1


async def work_in_loop(stop: threading.Event, seen: collections.Counter) -> None:
    cache = AsyncSafeCache.shared()
    number = 0
    while not stop.is_set():
        seen[judge(number, await cache.lookup(question(number)))] += 1
        number += 1
    await cache.close()


async def child_loop() -> list[str]:
    cache = AsyncSafeCache.shared()
    seen = [judge(number, await cache.lookup(question(number))) for number in range(CHILD_CALLS)]
    await cache.close()
    return seen


def child(cache: SafeCache) -> int:
    """0: all right; 1: some were not answered; CROSSED: a wrong answer."""
    seen = [judge(number, cache.lookup(question(number))) for number in range(CHILD_CALLS)]
    seen += asyncio.run(child_loop())
    if "crossed" in seen or "missed" in seen:
        return CROSSED
    return int("unanswered" in seen)


def fork_worker(cache: SafeCache) -> int:
    pid = os.fork()
    if pid == 0:
        code = 7
        try:
            code = child(cache)
        finally:
            os._exit(code)
    return pid


def wait_for(workers: set[int]) -> collections.Counter:
    ends: collections.Counter = collections.Counter()
    end = time.monotonic() + DEADLINE
    while workers and time.monotonic() < end:
        for pid in list(workers):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                workers.discard(pid)
                ends[f"exit {os.waitstatus_to_exitcode(status)}"] += 1
        time.sleep(0.02)
    for pid in workers:
        ends["hung"] += 1
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return ends


def main() -> None:
    forks, threads, loops = map(int, sys.argv[1:])
    cache = SafeCache.shared()
    fill(cache)
    stop = threading.Event()
    seen: collections.Counter = collections.Counter()
    jobs = [threading.Thread(target=work_in_thread, args=(cache, stop, seen)) for _ in range(threads)]
    jobs += [threading.Thread(target=lambda: asyncio.run(work_in_loop(stop, seen))) for _ in range(loops)]
    for job in jobs:
        job.start()
    while threads + loops and not seen["right"]:
        time.sleep(0.01)
    ends = wait_for({fork_worker(cache) for _ in range(forks)})
    before = seen["right"]
    while threads + loops and seen["right"] == before:  # The parent goes on.
        time.sleep(0.01)
    stop.set()
    for job in jobs:
        job.join(DEADLINE)
    print(json.dumps({"ends": ends, "seen": seen}), flush=True)


if __name__ == "__main__":
    main()

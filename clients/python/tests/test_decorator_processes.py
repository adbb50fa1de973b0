"""Threads, an event loop and forked workers use decorated functions at once: no deadlock, no mixed answers.

PARACLE_CALLS=100000 makes as many calls; otherwise a few thousand.
"""

import os
import subprocess
import sys

import pytest

CALLS = int(os.environ.get("PARACLE_CALLS", "4000"))

CROWD = """
import asyncio, os, sys, threading
from concurrent.futures import ThreadPoolExecutor
from paracle_cache import aio
from paracle_cache.client import Client
from paracle_cache.decorators import cached_llm_call
from paracle_cache.failsafe import AsyncSafeCache, SafeCache
from paracle_cache.stats import get_stats_tracker

ENDPOINT, CALLS, WORKERS = sys.argv[1], int(sys.argv[2]), 3
TEAMS = ("team-a", "team-b")  # two identities, a namespace each; they ask the same questions

def asker(team, cache):
    @cached_llm_call(cache=cache)
    def ask(provider, question):
        return {"team": team, "question": question}
    return ask

def async_asker(team, cache):
    @cached_llm_call(cache=cache)
    async def ask(provider, question):
        return {"team": team, "question": question}
    return ask

def must_be(answer, team, question):
    assert answer == {"team": team, "question": question}, (answer, team, question)

def threads(askers, calls):
    def run(seed):
        for i in range(calls // 4):
            question = (seed * 31 + i) % 97
            for team, ask in askers.items():
                must_be(ask("openai", question), team, question)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))

async def tasks(calls):
    caches = {team: AsyncSafeCache(aio.Client(ENDPOINT, namespace=team, timeout=10)) for team in TEAMS}
    askers = {team: async_asker(team, cache) for team, cache in caches.items()}
    async def run(seed):
        for i in range(calls // 8):
            question = (seed * 17 + i) % 97
            for team, ask in askers.items():
                must_be(await ask("openai", question), team, question)
    await asyncio.gather(*(run(seed) for seed in range(8)))
    for cache in caches.values():
        await cache.close()

def everything(askers, calls):
    loop = threading.Thread(target=lambda: asyncio.run(tasks(calls)))
    loop.start()
    threads(askers, calls)
    loop.join()

askers = {team: asker(team, SafeCache(Client(ENDPOINT, namespace=team, timeout=10))) for team in TEAMS}
share = CALLS // (2 * len(TEAMS) * (WORKERS + 2))
everything(askers, share)

# Forked while threads are at it.
background = threading.Thread(target=threads, args=(askers, share))
background.start()
children = []
for _ in range(WORKERS):
    if (child := os.fork()) == 0:
        code = 1
        try:
            everything(askers, share)
            code = 0  # right answers; from the cache or, after a fork with calls in flight, perhaps without it
        finally:
            os._exit(code)
    children.append(child)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
background.join()
counted = get_stats_tracker().get_stats()
print(codes, counted.hits > counted.misses)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_threads_a_loop_and_forked_workers_get_their_own_answers(shared_server, tmp_path):
    script = tmp_path / "crowd.py"
    script.write_text(CROWD)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script, shared_server.address, str(CALLS)],
        capture_output=True,
        text=True,
        timeout=60 + CALLS / 100,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "[0, 0, 0] True\n"), done.stderr[-2000:]

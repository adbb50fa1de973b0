"""Forked workers go on: no deadlock, no crash, no answer to another's question, whatever the parent was doing."""

import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys

import pytest

WORKERS = pathlib.Path(__file__).parent / "support/forking_workers.py"
FORKS = int(os.environ.get("PARACLE_TEST_FORKS", "12"))
SOUND = tuple(map(int, importlib.metadata.version("grpcio").split(".")[:2])) >= (1, 76)


def run(server, *arguments: int, **environ: str) -> dict:
    clean = {name: value for name, value in os.environ.items() if name != "GRPC_ENABLE_FORK_SUPPORT"}
    done = subprocess.run(
        [sys.executable, str(WORKERS), *map(str, arguments)],
        env=clean | {"PARACLE_CACHE_ENDPOINT": server.address, "PARACLE_CACHE_TIMEOUT": "5"} | environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.skipif(not SOUND, reason="this grpcio does not survive forks; its children do without the cache")
@pytest.mark.parametrize("threads", [0, 8])
def test_workers_of_a_parent_with_threads_use_the_cache(shared_server, threads):
    result = run(shared_server, FORKS, threads, 0)
    assert result["ends"] == {"exit 0": FORKS}
    assert set(result["seen"]) <= {"right", "unanswered"}


@pytest.mark.skipif(not SOUND, reason="this grpcio does not survive forks; its children do without the cache")
def test_workers_of_a_parent_with_threads_and_a_busy_event_loop_use_the_cache(shared_server):
    """Sync and on a loop of their own."""
    result = run(shared_server, FORKS, 4, 1)
    assert result["ends"] == {"exit 0": FORKS}
    assert set(result["seen"]) <= {"right", "unanswered"}


def test_without_fork_support_of_grpc_workers_do_without_the_cache(shared_server):
    result = run(shared_server, FORKS, 4, 0, GRPC_ENABLE_FORK_SUPPORT="0")
    assert result["ends"] == {"exit 1": FORKS}
    assert set(result["seen"]) <= {"right", "unanswered"}


def test_a_parent_that_forks_while_the_cache_is_frozen_is_not_held_up(server):
    """The calls in flight are ended; the child meets the frozen server itself, and fails open."""
    code = """
import os, sys, threading, time
from paracle_cache import CacheKey, Client
from paracle_cache.failsafe import SafeCache
from support.real_server import freeze
cache = SafeCache(Client(timeout=20))
key = CacheKey(provider="p")
while cache.lookup(key) is None: pass
freeze(int(sys.argv[1]))
caller = threading.Thread(target=cache.lookup, args=(key,))
caller.start()
time.sleep(0.2)
begin = time.monotonic()
if os.fork() == 0:
    os._exit(0)
assert time.monotonic() - begin < 5
caller.join(5)
assert not caller.is_alive()
os.wait()
"""
    subprocess.run(
        [sys.executable, "-c", code, str(server.process.pid)],
        env=os.environ | {"PARACLE_CACHE_ENDPOINT": server.address, "PYTHONPATH": str(WORKERS.parent.parent)},
        check=True,
        timeout=60,
    )


@pytest.mark.skipif(not SOUND, reason="this grpcio does not survive forks; its children do without the cache")
def test_streams_that_are_recorded_and_followed_survive_a_fork(shared_server):
    """Their calls are cut by it; every reader gets the whole stream all the same, and so does the child."""
    code = """
import os, threading
from paracle_cache.decorators import cached_llm_call
WHOLE, begun, go_on = list(range(30)), threading.Event(), threading.Event()
@cached_llm_call(provider="p")
def ask(question):
    for item in WHOLE:
        yield item
        begun.set()
        assert item < 9 or go_on.wait(30)
got = []
readers = [threading.Thread(target=lambda: got.append(list(ask("forked")))) for _ in range(4)]
for reader in readers:
    reader.start()
assert begun.wait(30)
if (child := os.fork()) == 0:
    go_on.set()
    os._exit(0 if list(ask("of the child")) == WHOLE else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
go_on.set()
for reader in readers:
    reader.join(30)
assert got == [WHOLE] * 4, got
"""
    settings = {"PARACLE_CACHE_ENDPOINT": shared_server.address, "PARACLE_CACHE_TIMEOUT": "5"}
    subprocess.run([sys.executable, "-c", code], env=os.environ | settings, check=True, timeout=60)

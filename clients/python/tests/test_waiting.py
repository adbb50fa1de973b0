"""Waiting in slices: the logic with a clock passed in, then both clients against a service that answers by script."""

import asyncio
import threading
import time

import pytest

from paracle_cache import CacheKey, Client, Hit, Miss, aio
from paracle_cache._rpc.waiting import Features, Waiting
from paracle_cache.errors import TimedOut
from paracle_cache.results import Lease, Pending

from support.fake_service import fake_service
from support.real_server import freeze

KEY = CacheKey(provider="p", model="m").entry_id()
LONG_WAIT = 60.0


def sync_wait(address: str, wait: float | None = None):
    with Client(address) as client:
        return client.get_or_wait(KEY, wait=wait)


def async_wait(address: str, wait: float | None = None):
    async def run():
        async with aio.Client(address) as client:
            return await client.get_or_wait(KEY, wait=wait)

    return asyncio.run(run())


both = pytest.mark.parametrize("wait_for", [sync_wait, async_wait])


def test_slices_fit_an_rpc_and_shrink_until_the_wait_is_over():
    waiting = Waiting(10.0, now=100.0, timeout=5.0)
    assert waiting.next_slice(100.0) == 3.0
    assert waiting.next_slice(107.5) == 2.5
    assert waiting.next_slice(110.0) is None
    assert waiting.waited(107.5) == 7.5


def test_a_wait_of_nothing_asks_once():
    waiting = Waiting(0.0, now=5.0, timeout=1.0)
    assert waiting.next_slice(5.0) == 0.0
    assert waiting.next_slice(5.0) is None


@pytest.mark.parametrize(
    ("retry_after", "now", "pause"), [(0.5, 0, 0.5), (0, 0, 0.01), (9, 8, 2), (1, 11, 0)]
)
def test_a_pause_is_what_the_server_says_within_the_wait(retry_after, now, pause):
    assert Waiting(10.0, now=0, timeout=1.0).pause(Pending(None, retry_after), now) == pause


def test_what_a_server_can_do_is_asked_again_after_a_minute():
    features = Features()
    assert features.known(0) is None
    assert features.learn(frozenset({"leases"}), 0) == {"leases"}
    assert features.known(59) == {"leases"}
    assert features.known(60) is None


@both
def test_an_answer_that_comes_while_waiting_is_a_hit(wait_for):
    with fake_service("pending,pending,slow,hit") as service:
        assert wait_for(service.address).payload == b"scripted"
        assert [service.next_get() for _ in range(4)] == [
            "pending lease",
            "pending lease",
            "slow lease",
            "hit lease",
        ]


@both
def test_the_lease_goes_to_the_caller(wait_for):
    with fake_service("lease") as service:
        assert wait_for(service.address) == Lease(b"lease", 9.0)


@both
def test_when_the_wait_is_over_a_plain_lookup_decides(wait_for):
    with fake_service("pending") as service:
        assert wait_for(service.address, wait=0.0) == Miss(b"miss")
        assert [service.next_get() for _ in range(2)] == ["pending lease", "miss plain"]


@both
def test_a_server_that_lost_its_leases_is_asked_plainly(wait_for):
    with fake_service("unimplemented,hit") as service:
        assert isinstance(wait_for(service.address), Hit)


@both
@pytest.mark.parametrize("script", ["pending", "slow"])
def test_a_server_frozen_while_waiting_costs_one_timeout_not_the_wait(wait_for, script):
    with fake_service(script) as service:
        outcome = []

        def wait():
            try:
                outcome.append(wait_for(service.address, wait=LONG_WAIT))
            except TimedOut as error:
                outcome.append(error)

        waiter = threading.Thread(target=wait)
        waiter.start()
        for _ in range(3):
            service.next_get()
        freeze(service.process.pid)
        frozen = time.monotonic()
        waiter.join(LONG_WAIT)
        # One RPC timeout is 0.5 s; what is beyond is for a busy machine.
        assert time.monotonic() - frozen < 2.5
        assert isinstance(outcome[0], TimedOut)


@both
def test_a_server_without_leases_is_asked_plainly(wait_for):
    with fake_service("miss", "--features", "") as service:
        assert wait_for(service.address) == Miss(b"miss")
        assert service.next_get() == "miss plain"


@both
def test_a_real_server_gives_its_lease(wait_for, server):
    assert isinstance(wait_for(server.address), Lease)

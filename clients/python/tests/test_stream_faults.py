"""Streams of a service that answers by script: what only a fault can show. Sync and asyncio."""

# ruff: noqa: ARG001  # what is decorated here uses few of its arguments

import asyncio
import time

import pytest

from paracle_cache import Client, aio
from paracle_cache.decorators import cached_llm_call
from paracle_cache.errors import StreamBroken
from paracle_cache.failsafe import AsyncSafeCache, SafeCache

from support.fake_service import fake_service

STREAMS = ("--features", "leases,streams")
TIMEOUT = 0.5


class Reader:
    """What a reader of a decorated generator gets, whose model yields `items` each time."""

    def __init__(self, kind, address, items=("a", "b", "c"), lease_wait=None, timeout=TIMEOUT):
        self.kind, self.items, self.calls = kind, items, 0
        self.settings = {"endpoint": address, "lease_wait": lease_wait, "timeout": timeout}
        self.got = []

    def read(self):
        return self._sync() if self.kind == "sync" else asyncio.run(self._async())

    def _sync(self):
        cache = SafeCache(Client(**self.settings))

        @cached_llm_call(cache=cache, provider="p")
        def ask(question):
            self.calls += 1
            yield from self.items

        try:
            for item in ask(1):
                self.got.append(item)
        finally:
            cache.close()
        return self.got

    async def _async(self):
        cache = AsyncSafeCache(aio.Client(**self.settings))

        @cached_llm_call(cache=cache, provider="p")
        async def ask(question):
            self.calls += 1
            for item in self.items:
                yield item

        try:
            async for item in ask(1):
                self.got.append(item)
        finally:
            await cache.close()
        return self.got


@pytest.fixture(params=["sync", "asyncio"])
def kind(request):
    return request.param


def test_an_answer_is_recorded_as_it_is_stored(kind):
    with fake_service("lease", *STREAMS) as service:
        reader = Reader(kind, service.address)
        assert reader.read() == ["a", "b", "c"]
        assert service.rest() == ["lease lease", 'recorded ["a","b","c"]']


def test_without_room_to_record_the_answer_is_set_at_its_end(kind):
    with fake_service("lease", *STREAMS, "--exhausted") as service:
        assert Reader(kind, service.address).read() == ["a", "b", "c"]
        assert service.rest() == ["lease lease", "record refused", "set lease"]


def test_a_server_without_streams_is_asked_as_before(kind):
    with fake_service("miss") as service:
        assert Reader(kind, service.address).read() == ["a", "b", "c"]
        assert service.rest() == ["miss plain", "set miss"]


def test_what_is_not_stored_breaks_its_recording(kind):
    with fake_service("lease", *STREAMS) as service:
        assert Reader(kind, service.address, items=("a", ("tuple",))).read() == ["a", ("tuple",)]
        lines = service.rest()
    assert "release lease" in lines
    assert not [line for line in lines if line.startswith(("recorded", "set"))]


def test_a_stream_is_followed_to_its_end(kind):
    with fake_service("pending", *STREAMS, "--follow", 'live,["x",alive,alive,."y",],end') as service:
        reader = Reader(kind, service.address)
        assert reader.read() == ["x", "y"]
        assert reader.calls == 0
        assert service.rest() == ["pending lease", "follow"]


def test_aborted_before_anything_was_given_asks_again(kind):
    with fake_service("pending,pending,lease", *STREAMS, "--follow", "abort;alive,abort") as service:
        reader = Reader(kind, service.address)
        assert reader.read() == ["a", "b", "c"]
        wanted = [
            "pending lease",
            "follow",
            "pending lease",
            "follow",
            "lease lease",
            'recorded ["a","b","c"]',
        ]
        assert service.rest() == wanted


def test_aborted_after_something_was_given_asks_again_and_goes_on_behind_it(kind):
    follows = 'live,["a",abort;live,["a",."b",abort'
    with fake_service("pending,pending,lease", *STREAMS, "--follow", follows) as service:
        reader = Reader(kind, service.address)
        assert reader.read() == ["a", "b", "c"]
        assert reader.calls == 1
        assert service.rest()[-1] == 'recorded ["a","b","c"]'


@pytest.mark.parametrize("items", [("a", "x"), ("a",), ()], ids=["other", "shorter", "none"])
def test_another_answer_that_begins_differently_is_never_spliced(kind, items):
    with fake_service("pending,lease", *STREAMS, "--follow", 'live,["a",."b",abort') as service:
        reader = Reader(kind, service.address, items=items)
        with pytest.raises(StreamBroken, match="begins differently"):
            reader.read()
        assert reader.got == ["a", "b"]
        assert not [line for line in service.rest() if line.startswith(("recorded", "set"))]


@pytest.mark.parametrize("fault", ["silence", "drop"])
@pytest.mark.parametrize("begun", ["", 'live,["a",'], ids=["nothing", "something"])
def test_a_stream_that_falls_silent_or_ends_without_its_end_is_left(kind, fault, begun):
    with fake_service("pending", *STREAMS, "--follow", begun + fault) as service:
        reader = Reader(kind, service.address)
        began = time.monotonic()
        assert reader.read() == ["a", "b", "c"]
        assert time.monotonic() - began < 3  # A silence is one timeout of 0.5 s, never the wait of 120.
        assert reader.calls == 1
        assert service.rest() == ["pending lease", "follow"]


@pytest.mark.parametrize(
    "steps", ["x,end", '["a","b",end', '["a",],],end', '["a"],end', "[nan,],end"], ids=str
)
def test_what_is_no_stream_of_a_generator_is_never_given(kind, steps):
    with fake_service("pending", *STREAMS, "--follow", "live," + steps) as service:
        reader = Reader(kind, service.address)
        assert reader.read() == ["a", "b", "c"]
        assert reader.calls == 1


def test_when_the_wait_is_over_before_the_stream_began_a_plain_lookup_decides(kind):
    with fake_service("pending", *STREAMS, "--follow", ",".join(["alive"] * 100)) as service:
        reader = Reader(kind, service.address, lease_wait=0.3)
        assert reader.read() == ["a", "b", "c"]
        assert service.rest() == ["pending lease", "follow", "miss plain", "set miss"]


def test_what_was_stored_meanwhile_is_a_hit(kind):
    with fake_service("pending,hit", *STREAMS, "--follow", "end") as service:
        reader = Reader(kind, service.address)
        assert reader.read() == [
            "a",
            "b",
            "c",
        ]  # An empty answer of no media type: as a hit that is no stream's.
        assert service.rest() == ["pending lease", "follow"]

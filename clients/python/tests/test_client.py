"""Both clients against the real server: what goes in comes out, and what goes wrong has a type."""

import asyncio
import inspect
from datetime import datetime, timedelta, timezone

import grpc
import pytest

from paracle_cache import CacheKey, Client, Hit, Miss, Origin, aio
from paracle_cache.errors import (
    CacheError,
    ClientClosed,
    Disabled,
    FailedPrecondition,
    InvalidArgument,
    TimedOut,
    Unavailable,
    WrongLoop,
)
from paracle_cache.key import EntryId
from paracle_cache.results import SetItem, Stored, Tier

KEY = CacheKey(provider="openai", model="gpt-4", messages=[{"role": "user", "content": "Hi"}])


@pytest.fixture
def client(shared_server, namespace):
    with Client(shared_server.address, namespace=namespace, timeout=5) as client:
        yield client


def public(cls: type) -> dict[str, inspect.Signature]:
    """Public methods by name, context managers as one."""
    found = {name: value for name, value in vars(cls).items() if callable(value) and not name.startswith("_")}
    return {name: inspect.signature(method) for name, method in [*found.items(), ("__init__", cls.__init__)]}


def test_the_asyncio_client_has_the_same_methods_with_the_same_arguments():
    def without_return(methods):
        return {name: signature.parameters for name, signature in methods.items()}

    assert without_return(public(aio.Client)) == without_return(public(Client))


def test_what_was_set_is_got_with_all_that_was_said_of_it(client):
    before = datetime.now(timezone.utc)
    miss = client.get(KEY)
    assert isinstance(miss, Miss)
    origin = Origin(prompt_tokens=7, completion_tokens=3, cost_usd=0.25, latency=1.5)
    told = {"content_type": "text/plain", "ttl": timedelta(minutes=1), "origin": origin}
    stored = client.set(KEY, b"\x00answer", fill_token=miss.fill_token, **told)
    assert stored.stored_in == (Tier.MEMORY,)
    hit = client.get(KEY.entry_id())
    assert isinstance(hit, Hit)
    assert (hit.payload, hit.content_type, hit.origin) == (b"\x00answer", "text/plain", origin)
    assert (hit.hit_count, hit.tier, hit.degraded) == (1, Tier.MEMORY, False)
    assert abs(hit.expire_time - hit.create_time - timedelta(minutes=1)) < timedelta(seconds=1)
    assert abs(hit.create_time - before) < timedelta(seconds=30)


def test_the_ttl_of_the_settings_holds_for_what_has_none(shared_server, namespace):
    with Client(shared_server.address, namespace=namespace, ttl=60, timeout=5) as client:
        own = client.set(KEY, b"x", ttl=600).expire_time
        default = client.set(KEY, b"x").expire_time
    assert timedelta(seconds=500) < own - default < timedelta(seconds=580)


def test_a_batch_answers_in_order_with_errors_among_the_results(client):
    bad = EntryId(b"too short")
    results = client.batch_set([SetItem(KEY, b"a"), SetItem(bad, b"b")])
    assert isinstance(results[0], Stored)
    assert isinstance(results[1], InvalidArgument)
    hit, error, miss = client.batch_get([KEY, bad, CacheKey(provider="other")])
    assert hit.payload == b"a"
    assert isinstance(error, InvalidArgument)
    assert isinstance(miss, Miss)


def test_invalidating_by_tag_model_and_key(client):
    client.set(KEY, b"x", tags=["blue"])
    assert client.invalidate(tag="blue", dry_run=True).count == 1
    assert client.invalidate(tag="red").count == 0
    assert client.invalidate(tag="blue").count == 1
    client.set(KEY, b"x")
    assert client.invalidate(model="gpt-4").count == 1
    client.set(KEY, b"x")
    assert client.invalidate(KEY).count == 1
    client.set(KEY, b"x")
    assert client.invalidate(everything=True).count == 1
    client.set(KEY, b"x")
    assert client.clear().count == 1


@pytest.mark.parametrize("targets", [{}, {"tag": "a", "model": "b"}, {"key": KEY, "everything": True}])
def test_an_invalidation_has_exactly_one_target(client, targets):
    with pytest.raises(ValueError, match="exactly one"):
        client.invalidate(**targets)


def test_a_fill_that_began_before_an_invalidation_is_refused(client):
    miss = client.get(KEY)
    client.clear()
    with pytest.raises(FailedPrecondition) as error:
        client.set(KEY, b"late", fill_token=miss.fill_token)
    assert error.value.reason == "STALE_FILL_TOKEN"
    assert error.value.code is grpc.StatusCode.FAILED_PRECONDITION


def test_an_error_has_the_code_the_reason_and_the_message_of_the_server(client):
    limit = client.config().limits.max_entry_bytes
    with pytest.raises(InvalidArgument) as error:
        client.set(KEY, b"x" * (limit + 1))
    assert error.value.reason == "ENTRY_TOO_LARGE"
    assert str(limit) in error.value.message


def test_stats_tell_of_one_namespace_or_of_all(client, namespace):
    client.get(KEY)
    client.set(KEY, b"x", origin=Origin(prompt_tokens=10, cost_usd=0.5))
    client.get(KEY)
    mine = client.stats(namespace)
    assert (mine.total.hits, mine.total.misses, mine.total.hit_rate) == (1, 1, 0.5)
    assert mine.total.saved_cost_usd == 0.5
    assert mine.total.average_uncached_time is None
    everyone = client.stats()
    assert everyone.total.hits >= 1
    assert everyone.backend == "memory"
    assert everyone.shared_tier is None
    assert (namespace, "gpt-4") in {(row.namespace, row.model) for row in everyone.by_model}


def test_config_tells_settings_limits_and_features(client):
    config = client.config()
    assert config.limits.max_batch_entries == 256
    assert config.limits.default_ttl == 3600
    assert {setting.name: setting.source for setting in config.settings}["PARACLE_CACHE_LISTEN"] == "flag"
    assert isinstance(config.features, frozenset)


def test_a_healthy_server_says_so(client):
    assert client.health() is True


def test_a_server_with_a_raised_limit_is_followed():
    from support.real_server import running_server

    with running_server("--max-entry-bytes", "16MiB") as server, Client(server.address, timeout=10) as client:
        client.set(KEY, b"x" * (8 << 20))
        assert len(client.get(KEY).payload) == 8 << 20


def test_nothing_listens_there(tmp_path):
    with Client(f"unix:{tmp_path}/nobody") as client, pytest.raises(Unavailable):
        client.get(KEY)


def test_a_socket_path_is_an_endpoint(tmp_path):
    from support.real_server import running_server

    with (
        running_server("--listen", f"unix:{tmp_path}/cache") as _,
        Client(f"unix:{tmp_path}/cache") as client,
    ):
        assert client.health()


def test_a_timeout_is_a_type(server):
    with Client(server.address) as client:
        client.get(KEY)
        server.freeze()
        with pytest.raises(TimedOut):
            client.get(KEY, timeout=0.05)


def test_a_closed_client_says_so(shared_server):
    client = Client(shared_server.address)
    client.health()
    client.close()
    client.close()
    with pytest.raises(ClientClosed):
        client.get(KEY)


def test_a_client_that_is_off_asks_nobody():
    with Client("localhost:1", enabled=False) as client:
        assert client.get(KEY) == client.get_or_wait(KEY) == Miss(b"")
        assert client.set(KEY, b"x") == Stored(None, ())
        assert client.batch_get([KEY]) == [Miss(b"")]
        with pytest.raises(Disabled):
            client.stats()


async def test_the_asyncio_client_sets_and_gets(shared_server, namespace):
    async with aio.Client(shared_server.address, namespace=namespace, timeout=5) as client:
        miss = await client.get(KEY)
        await client.set(KEY, b"x", fill_token=miss.fill_token)
        assert (await client.get(KEY)).payload == b"x"
        assert (await client.batch_get([KEY]))[0].payload == b"x"
        assert (await client.stats(namespace)).total.hits == 2
        assert await client.health()
        assert (await client.clear()).count == 1
        with pytest.raises(CacheError):
            await client.get(EntryId(b"short"))
    with pytest.raises(ClientClosed):
        await client.get(KEY)


def test_an_asyncio_client_belongs_to_its_first_loop(shared_server):
    client = aio.Client(shared_server.address, timeout=5)
    asyncio.run(client.get(KEY))
    with pytest.raises(WrongLoop, match="event loop"):
        asyncio.run(client.get(KEY))


async def test_a_cancelled_call_is_cancelled(server):
    async with aio.Client(server.address, timeout=30) as client:
        await client.get(KEY)
        server.freeze()
        task = asyncio.ensure_future(client.get(KEY))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

"""Whatever becomes of the cache, every call returns the provider's answer."""

from __future__ import annotations

import json
import time
import uuid

import pytest

import paracle_cache.httpx
import paracle_cache.httpx2
from paracle_cache._http.stored_response import MEDIA_TYPE
from paracle_cache.client import Client
from paracle_cache.key import CacheKey
from replay.caller import FLAVOURS, calling
from replay.provider import Answer, Provider

PATH = "/v1/embeddings"
BODY = b'{"model": "text-embedding-3-small", "input": "Hello!"}'
WHOLE = json.dumps({"object": "list", "data": [{"object": "embedding", "embedding": [0.5]}]}).encode()

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)


@pytest.fixture
def provider():
    with Provider().serving() as provider:
        provider.answer = Answer([WHOLE])
        yield provider


def test_without_a_server_every_call_is_answered_and_soon_costs_nothing(flavour, provider):
    with Client("127.0.0.1:1", timeout=1) as client, calling(flavour, client) as caller:
        for _ in range(5):
            assert caller.post(provider.url + PATH, BODY).body == WHOLE
        began = time.monotonic()
        replies = [caller.post(provider.url + PATH, BODY) for _ in range(20)]
        assert time.monotonic() - began < 10  # the circuit is open: 20 timeouts would take 20 s
    assert {(reply.status, reply.outcome, reply.body) for reply in replies} == {(200, "bypass", WHOLE)}
    assert provider.calls == 25


def test_with_a_frozen_server_every_call_is_answered(flavour, server, provider):
    with Client(server.address, timeout=1) as client, calling(flavour, client) as caller:
        assert caller.post(provider.url + PATH, BODY).outcome == "miss"
        server.freeze()
        replies = [caller.post(provider.url + PATH, BODY) for _ in range(6)]
    assert {(reply.outcome, reply.body) for reply in replies} == {("bypass", WHOLE)}


@pytest.mark.parametrize(
    "fault", [lambda server: server.freeze(), lambda server: server.process.kill()], ids=["frozen", "killed"]
)
def test_a_server_that_goes_between_lookup_and_store_breaks_nothing(flavour, server, provider, fault):
    with Client(server.address, timeout=1) as client, calling(flavour, client) as caller:
        reply = caller.open(provider.url + PATH, BODY)
        assert provider.calls == 1
        fault(server)
        assert b"".join(reply.rest()) == WHOLE


@pytest.mark.parametrize(
    ("media_type", "payload"),
    [
        (MEDIA_TYPE, b""),
        (MEDIA_TYPE, b"\x80\x04\x95garbage"),
        (MEDIA_TYPE, b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}"),
        (MEDIA_TYPE, b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\n{}"),
        ("application/json", b'{"from": "the decorator"}'),
        ("application/http", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
        ("", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
    ],
)
def test_an_entry_that_cannot_be_replayed_is_a_miss(flavour, client, provider, media_type, payload):
    host = provider.url.removeprefix("http://")
    key = CacheKey.from_request(provider=host, endpoint=PATH, body=BODY)
    client.set(key, payload, content_type=media_type)
    with calling(flavour, client) as caller:
        for _ in range(2):
            reply = caller.post(provider.url + PATH, BODY)
            assert (reply.outcome, reply.body) == ("miss", WHOLE)
    assert client.get(key).payload == payload


@pytest.mark.parametrize(
    ("option", "warning", "second"),
    [
        ("cost", "stored without its cost: cost raised", "hit"),
        ("cache_if", "not stored: cache_if raised", "miss"),
    ],
)
def test_a_callable_that_raises_breaks_no_call_and_warns_once(
    flavour, client, provider, caplog, option, warning, second
):
    class Mine(Exception):
        pass

    Mine.__name__ = f"Mine{uuid.uuid4().hex}"

    def raises(*_arguments):
        raise Mine

    with calling(flavour, client, **{option: raises}) as caller:
        for outcome in ("miss", second):
            reply = caller.post(provider.url + PATH, BODY)
            assert (reply.outcome, reply.body) == (outcome, WHOLE)
    assert [it.message for it in caplog.records if Mine.__name__ in it.message] == [f"{warning} {Mine.__name__}"]


def test_on_another_event_loop_than_asyncios_every_call_is_answered(flavour, provider):
    trio = pytest.importorskip("trio")
    name, _, kind = flavour.partition("-")
    if not kind:
        pytest.skip("sync transports need no event loop")
    module = {"httpx": paracle_cache.httpx, "httpx2": paracle_cache.httpx2}[name]
    library = getattr(module, name)

    async def call():
        async with library.AsyncClient(transport=module.AsyncCachingTransport()) as http:
            return await http.post(provider.url + PATH, content=BODY)

    assert trio.run(call).content == WHOLE

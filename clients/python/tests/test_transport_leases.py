"""Transports make one request for one question, and let the next one make it when it fails."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from replay.caller import FLAVOURS, calling
from replay.provider import Answer, Provider

PATH = "/v1/embeddings"
BODY = b'{"model": "text-embedding-3-small", "input": "Hello!"}'
WHOLE = json.dumps({"object": "list", "data": [{"object": "embedding", "embedding": [0.5]}]}).encode()
MANY = 20
SOON = 10.0  # seconds, on a busy machine; a lease that is not given back holds for 30

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)


@pytest.fixture
def provider():
    with Provider().serving() as provider:
        yield provider


def slow(_body: bytes) -> Answer:
    time.sleep(0.2)
    return Answer([WHOLE])


def test_callers_that_ask_the_same_make_one_request(flavour, client, provider):
    provider.answer_to = slow
    start = threading.Barrier(MANY)

    def ask(_):
        with calling(flavour, client) as caller:
            start.wait(SOON)
            return caller.post(provider.url + PATH, BODY)

    with ThreadPoolExecutor(MANY) as pool:
        replies = list(pool.map(ask, range(MANY)))
    assert [reply.body for reply in replies] == [WHOLE] * MANY
    assert sorted(reply.outcome or "" for reply in replies) == ["hit"] * (MANY - 1) + ["miss"]
    assert provider.calls == 1


def test_without_coalescing_everybody_asks_the_provider(flavour, client, provider):
    together = threading.Barrier(5)

    def answer(_body: bytes) -> Answer:
        together.wait(SOON)
        return Answer([WHOLE])

    provider.answer_to = answer

    def ask(_):
        with calling(flavour, client, coalesce=False) as caller:
            return caller.post(provider.url + PATH, BODY).body

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(ask, range(5))) == [WHOLE] * 5


@pytest.mark.parametrize(
    "answer",
    [
        Answer([b'{"error": {}}'], status=500),
        Answer([b'{"error": {}}']),
        Answer([b'{"object": "list", '], break_off=True),
        Answer([b"x" * (4 << 20)]),
    ],
    ids=["500", "not-whole", "broken", "too-large"],
)
def test_what_is_not_stored_lets_the_next_one_ask(flavour, client, provider, answer):
    with calling(flavour, client) as first, calling(flavour, client) as second:
        provider.answer = answer
        try:
            first.post(provider.url + PATH, BODY)
        except first.library.RemoteProtocolError:
            assert answer.break_off
        provider.answer = Answer([WHOLE])
        began = time.monotonic()
        reply = second.post(provider.url + PATH, BODY)
        assert time.monotonic() - began < SOON
    assert (reply.body, reply.outcome, provider.calls) == (WHOLE, "miss", 2)


def test_a_provider_that_cannot_be_reached_lets_the_next_one_ask(flavour, client):
    """Its host is in the key, so both ask for the same that is nowhere."""
    with calling(flavour, client) as first, calling(flavour, client) as second:
        began = time.monotonic()
        for caller in (first, second):
            with pytest.raises(caller.library.ConnectError):
                caller.post("http://127.0.0.1:1" + PATH, BODY)
        assert time.monotonic() - began < SOON


def test_a_response_that_is_left_early_lets_the_next_one_ask(flavour, client, provider):
    provider.answer = Answer([WHOLE[:10], WHOLE[10:]])
    with calling(flavour, client) as first, calling(flavour, client) as second:
        reply = first.open(provider.url + PATH, BODY)
        reply.next()
        reply.close()
        began = time.monotonic()
        assert second.post(provider.url + PATH, BODY).body == WHOLE
        assert time.monotonic() - began < SOON

"""Transports: who asks for an event stream that somebody else is being given reads along."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from paracle_cache.client import Client
from replay import recorded
from replay.caller import FLAVOURS, Caller, calling
from replay.provider import Answer, Provider

CHAT = recorded.pick("openai", "/chat/completions", "plain-stream")[0]
BODY = json.dumps(CHAT.request).encode()
SEPARATOR = b"\r\n\r\n" if b"\r\n\r\n" in CHAT.body else b"\n\n"
PIECES = [piece + SEPARATOR for piece in CHAT.body.split(SEPARATOR) if piece]
HEADERS = {"content-type": "text/event-stream"}
SOON = 10.0  # seconds, on a busy machine; a lease that is not given back holds for 30

pytestmark = pytest.mark.parametrize("flavour", FLAVOURS)


@pytest.fixture
def provider():
    with Provider().serving() as provider:
        yield provider


def ask(caller: Caller, provider: Provider) -> Any:
    return caller.open(provider.url + CHAT.path, BODY)


def in_thread(work: Any) -> Any:
    """Who follows is somebody else: a thread of its own holds no lease."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result(30)


def begun(caller: Caller, provider: Provider) -> tuple[Any, bytes]:
    """A reply of which the first piece was read."""

    def begin() -> tuple[Any, bytes]:
        reply = ask(caller, provider)
        return reply, reply.next()

    return in_thread(begin)


def test_a_follower_reads_the_first_event_before_the_last_is_sent(flavour, client, provider):
    last_may_go = threading.Event()
    provider.answer = Answer(PIECES, headers=HEADERS, hold_before_last=last_may_go)
    with calling(flavour, client) as first, calling(flavour, client) as second:
        holder, begin = begun(first, provider)
        follower, follower_begin = begun(second, provider)
        assert CHAT.body.startswith(follower_begin)
        assert follower.headers["x-paracle-cache"] == "hit"
        assert follower.headers["content-type"] == "text/event-stream"
        last_may_go.set()
        assert begin + b"".join(holder.rest()) == CHAT.body
        holder.close()
        assert follower_begin + b"".join(in_thread(follower.rest)) == CHAT.body
        follower.close()
        assert first.post(provider.url + CHAT.path, BODY).body == CHAT.body
    assert provider.calls == 1


def test_many_who_ask_at_once_make_one_request(flavour, client, provider):
    last_may_go = threading.Event()
    provider.answer = Answer(PIECES, headers=HEADERS, hold_before_last=last_may_go)

    def read(_: int) -> bytes:
        with calling(flavour, client) as caller:
            return caller.post(provider.url + CHAT.path, BODY).body

    with ThreadPoolExecutor(10) as pool:
        bodies = [pool.submit(read, number) for number in range(10)]
        time.sleep(0.3)
        last_may_go.set()
        assert [body.result(30) for body in bodies] == [CHAT.body] * 10
    assert provider.calls == 1


@pytest.mark.parametrize("end", ["is left", "breaks"])
def test_when_the_holders_stream_ends_early_a_follower_goes_on_behind_what_it_read(
    flavour, client, provider, end
):
    go_on = threading.Event()
    provider.answer = Answer(PIECES[:3], headers=HEADERS, hold_before_last=go_on, break_off=True)
    with calling(flavour, client) as first, calling(flavour, client) as second:
        holder, _ = begun(first, provider)
        follower, read = begun(second, provider)
        provider.answer = Answer(PIECES, headers=HEADERS)
        go_on.set()
        if end == "breaks":
            with pytest.raises(first.library.RemoteProtocolError):
                holder.rest()
        holder.close()
        began = time.monotonic()
        assert read + b"".join(in_thread(follower.rest)) == CHAT.body
        assert time.monotonic() - began < SOON
        follower.close()
        assert provider.calls == 2
        assert in_thread(lambda: first.post(provider.url + CHAT.path, BODY)).body == CHAT.body
    assert provider.calls == 2


@pytest.mark.parametrize("other", ["different", "refused"])
def test_another_answer_that_begins_differently_is_never_spliced(flavour, client, provider, other):
    provider.answer = Answer(PIECES, headers=HEADERS, hold_before_last=threading.Event())
    with calling(flavour, client) as first, calling(flavour, client) as second:
        holder, _ = begun(first, provider)
        follower, _ = begun(second, provider)
        provider.answer = (
            Answer([b"data: {}\n\n", *PIECES], headers=HEADERS)
            if other == "different"
            else Answer([b"{}"], status=429)
        )
        holder.close()
        with pytest.raises(second.library.RemoteProtocolError, match="broke off"):
            in_thread(follower.rest)
        follower.close()


def test_a_stream_that_does_not_begin_as_one_reaches_everybody(flavour, client, provider):
    """An error in the place of a stream: it is not recorded, and nobody waits for it."""
    provider.answer = Answer([b'{"error": {}}'], status=500)
    with calling(flavour, client) as first, calling(flavour, client) as second:
        began = time.monotonic()
        for caller in (first, second):
            assert in_thread(lambda caller=caller: caller.post(provider.url + CHAT.path, BODY)).status == 500
        assert time.monotonic() - began < SOON
    assert provider.calls == 2


def test_without_coalescing_nobody_follows(flavour, client, provider):
    provider.answer = Answer(PIECES, headers=HEADERS)
    with calling(flavour, client, coalesce=False) as first, calling(flavour, client) as second:
        holder, _ = begun(first, provider)
        follower, _ = begun(second, provider)
        assert provider.calls == 2
        holder.close()
        follower.close()


def test_when_the_server_freezes_a_follower_asks_the_provider_and_goes_on(flavour, server, provider):
    go_on = threading.Event()
    provider.answer = Answer(PIECES, headers=HEADERS, hold_before_last=go_on)
    with (
        Client(server.address, timeout=1) as client,
        calling(flavour, client) as first,
        calling(flavour, client) as second,
    ):
        holder, _ = begun(first, provider)
        follower, read = begun(second, provider)
        provider.answer = Answer(PIECES, headers=HEADERS)
        server.freeze()
        began = time.monotonic()
        assert read + b"".join(in_thread(follower.rest)) == CHAT.body
        assert time.monotonic() - began < 8  # One silence is 1 s.
        go_on.set()
        holder.close()
        follower.close()

"""A stream reaches its reader as it comes, and is stored only if it ended as its kind ends."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from typing import Any

import brotli
import pytest
import zstandard

from replay import recorded
from replay.caller import FLAVOURS, Caller, calling
from replay.provider import Answer, Provider

CHAT = recorded.pick("openai", "/chat/completions", "plain-stream")[0]
MESSAGES = recorded.pick("anthropic", "/messages", "plain-stream")[0]
GEMINI = recorded.pick("gemini", ":streamGenerateContent", "plain-stream")[0]


@pytest.fixture(params=FLAVOURS)
def caller(request, client):
    with calling(request.param, client) as caller:
        yield caller


@pytest.fixture
def provider():
    with Provider().serving() as provider:
        yield provider


def play(provider: Provider, pair: recorded.Pair, body: bytes | None = None, **changes: Any) -> None:
    """One event is one piece on the wire."""
    body = pair.body if body is None else body
    separator = b"\r\n\r\n" if b"\r\n\r\n" in body else b"\n\n"
    pieces = [piece + separator for piece in body.split(separator) if piece]
    headers = {"content-type": "text/event-stream"}
    provider.answer = Answer(**{"pieces": pieces, "headers": headers} | changes)


def ask(caller: Caller, provider: Provider, pair: recorded.Pair) -> Any:
    return caller.post(provider.url + pair.path, json.dumps(pair.request).encode())


def begin(caller: Caller, provider: Provider, pair: recorded.Pair) -> Any:
    return caller.open(provider.url + pair.path, json.dumps(pair.request).encode())


def test_the_first_event_arrives_before_the_last_is_sent(caller, provider):
    last_may_go = threading.Event()
    play(provider, CHAT, hold_before_last=last_may_go)
    reply = begin(caller, provider, CHAT)
    first = reply.next()
    assert not last_may_go.is_set()
    assert CHAT.body.startswith(first)
    last_may_go.set()
    assert first + b"".join(reply.rest()) == CHAT.body
    assert ask(caller, provider, CHAT).outcome == "hit"


def test_replay_gives_one_event_at_a_time(caller, provider):
    play(provider, CHAT)
    assert ask(caller, provider, CHAT).outcome == "miss"
    assert begin(caller, provider, CHAT).rest() == provider.answer.pieces
    assert provider.calls == 1


@pytest.mark.parametrize("pair", [CHAT, MESSAGES, GEMINI], ids=lambda pair: pair.provider)
def test_a_stream_that_its_reader_leaves_is_not_stored(caller, provider, pair):
    play(provider, pair)
    reply = begin(caller, provider, pair)
    assert pair.body.startswith(reply.next())
    provider.answer.hold_before_last = None
    reply.close()
    assert ask(caller, provider, pair).outcome == "miss"


@pytest.mark.parametrize(
    ("pair", "outcome"),
    [(CHAT, "hit"), (MESSAGES, "hit"), (GEMINI, "miss")],
    ids=["chat", "messages", "gemini"],
)
def test_a_stream_that_its_reader_leaves_behind_its_last_event(caller, provider, pair, outcome):
    """Only Gemini has no event of which it is known that none follows."""
    never = threading.Event()
    play(provider, pair)
    provider.answer.pieces.append(b": the connection stays open\n\n")
    provider.answer.hold_before_last = never
    reply = begin(caller, provider, pair)
    read = b""
    while read != pair.body:
        read += reply.next()
    reply.close()
    never.set()
    assert ask(caller, provider, pair).outcome == outcome


@pytest.mark.parametrize("pair", [CHAT, MESSAGES, GEMINI], ids=lambda pair: pair.provider)
def test_a_stream_whose_connection_breaks_is_not_stored(caller, provider, pair):
    play(provider, pair, break_off=True)
    for _ in range(2):
        with pytest.raises(caller.library.RemoteProtocolError):
            ask(caller, provider, pair)
    assert provider.calls == 2


@pytest.mark.parametrize(
    ("pair", "more"),
    [
        (CHAT, b'event: error\ndata: {"message": "late"}\n\n'),
        (CHAT, b'data: {"error": {"message": "late"}}\n\n'),
        (CHAT, b"data: {\n\n"),
        (CHAT, b"data: half an event"),
        (MESSAGES, b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error"}}\n\n'),
        (GEMINI, b'data: {"error": {"code": 503}}\r\n\r\n'),
        (GEMINI, b'data: {"candidates": [{"finishReason": "SAFETY", "index": 0}]}\r\n\r\n'),
        (GEMINI, b'data: {"promptFeedback": {"blockReason": "OTHER"}}\r\n\r\n'),
    ],
)
def test_a_stream_with_an_odd_end_is_returned_but_not_stored(caller, provider, pair, more):
    provider.answer = Answer([pair.body, more], headers={"content-type": "text/event-stream"})
    for _ in range(2):
        reply = ask(caller, provider, pair)
        assert (reply.outcome, reply.body) == ("miss", pair.body + more)


def test_an_event_called_error_spoils_a_stream_that_ends_well(caller, provider):
    play(
        provider, CHAT, CHAT.body.replace(b"data: [DONE]", b'event: error\ndata: {"code": 1}\n\ndata: [DONE]')
    )
    assert [ask(caller, provider, CHAT).outcome for _ in range(2)] == ["miss", "miss"]


def test_chat_without_done_is_not_stored(caller, provider):
    play(provider, CHAT, CHAT.body.replace(b"data: [DONE]\n\n", b""))
    assert [ask(caller, provider, CHAT).outcome for _ in range(2)] == ["miss", "miss"]


def test_gemini_without_sse_is_an_array_and_cached_as_one(caller, provider):
    events = [line[6:] for line in GEMINI.body.splitlines() if line.startswith(b"data: ")]
    body = b"[" + b",\r\n".join(events) + b"]"
    provider.answer = Answer([body[:100], body[100:]])
    replies = [ask(caller, provider, GEMINI) for _ in range(2)]
    assert [(reply.outcome, reply.body) for reply in replies] == [("miss", body), ("hit", body)]
    provider.answer = Answer([b"[" + events[0].replace(b'"STOP"', b'"OTHER"')])
    assert caller.post(provider.url + GEMINI.path, b'{"contents": []}').outcome == "miss"
    assert caller.post(provider.url + GEMINI.path, b'{"contents": []}').outcome == "miss"


ENCODERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize(
    "pair", [CHAT, recorded.pick("openai", "/responses", "plain")[0]], ids=["stream", "document"]
)
def test_an_encoded_body_is_stored_as_what_was_encoded(caller, provider, pair, encoding):
    if encoding not in str(caller.library.Client().headers["accept-encoding"]):
        pytest.skip(f"{caller.library.__name__} is installed without {encoding}")
    encoded = ENCODERS[encoding](pair.body)
    headers = {"content-type": pair.content_type, "content-encoding": encoding}
    provider.answer = Answer([encoded[at : at + 100] for at in range(0, len(encoded), 100)], headers=headers)
    first, second = ask(caller, provider, pair), ask(caller, provider, pair)
    assert (first.outcome, second.outcome) == ("miss", "hit")
    assert first.body == second.body == pair.body
    assert "content-encoding" not in second.headers
    assert "transfer-encoding" not in second.headers
    assert second.headers["content-length"] == str(len(pair.body))


@pytest.mark.parametrize(
    ("encoding", "body"), [("snappy", CHAT.body), ("snappy, gzip", gzip.compress(CHAT.body))]
)
def test_a_body_of_an_encoding_that_nobody_knows_is_not_stored(caller, provider, encoding, body):
    headers = {"content-type": "text/event-stream", "content-encoding": encoding}
    provider.answer = Answer([body], headers=headers)
    assert [ask(caller, provider, CHAT).outcome for _ in range(2)] == ["miss", "miss"]


def test_a_bomb_is_not_stored(caller, provider):
    answer = {"object": "chat.completion", "choices": [], "padding": "x" * (20 << 20)}
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    provider.answer = Answer([gzip.compress(json.dumps(answer).encode())], headers=headers)
    assert [ask(caller, provider, CHAT).outcome for _ in range(2)] == ["miss", "miss"]


def test_an_answer_that_began_before_an_invalidation_is_not_stored(caller, provider, client):
    may_end = threading.Event()
    play(provider, CHAT, hold_before_last=may_end)
    reply = begin(caller, provider, CHAT)
    reply.next()
    client.clear()
    may_end.set()
    reply.rest()
    assert ask(caller, provider, CHAT).outcome == "miss"
    assert ask(caller, provider, CHAT).outcome == "hit"

"""All recorded traffic through the transport: what succeeded is answered from the cache, byte for byte."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from paracle_cache.client import Client
from replay import recorded
from replay.caller import FLAVOURS, calling
from replay.provider import Answer, Provider
from replay.recorded import Pair

PAIRS = recorded.pairs()


@pytest.fixture(params=FLAVOURS)
def caller(request, shared_server, namespace):
    with (
        Client(shared_server.address, namespace=namespace, timeout=10) as client,
        calling(request.param, client) as caller,
    ):
        yield caller


@pytest.fixture
def provider():
    with Provider().serving() as provider:
        yield provider


def may_be_stored(pair: Pair) -> bool:
    """By the record alone: what succeeded, and was final."""
    return pair.status == 200 and not pair.request.get("background")


def test_every_recorded_pair_is_stored_or_refused_as_it_should(caller, provider, capsys):
    counts: Counter[str] = Counter()
    for number, pair in enumerate(PAIRS):
        # A member of its own: two pairs may ask the same.
        request = json.dumps(pair.request | {"pair": number}).encode()
        provider.answer, before = Answer.of(pair), provider.calls
        replies = [caller.post(provider.url + pair.path, request) for _ in range(2)]
        assert {(reply.status, reply.body) for reply in replies} == {(pair.status, pair.body)}, pair.name
        assert provider.calls - before == (1 if may_be_stored(pair) else 2), pair.name
        counts[f"{pair.provider}: {'stored' if replies[1].outcome == 'hit' else 'refused'}"] += 1
    with capsys.disabled():
        print(f"\n{len(PAIRS)} pairs of {'all' if recorded.IS_ALL else 'the cut'}: {dict(counts)}")
    assert sum(count for name, count in counts.items() if "stored" in name) > 10


def cut_short(pair: Pair) -> bytes:
    """The same answer without its last event, or with its end replaced by another."""
    if pair.is_stream:
        separator = b"\r\n\r\n" if b"\r\n\r\n" in pair.body else b"\n\n"
        events = pair.body.split(separator)
        return separator.join(events[:-2]) + separator
    body = pair.body
    for end in ("stop", "tool_calls", "function_call", "end_turn", "tool_use", "stop_sequence", "STOP"):
        for name in ("finish_reason", "stop_reason", "finishReason"):
            body = body.replace(f'"{name}": "{end}"'.encode(), f'"{name}": "max_tokens"'.encode())
    return body.replace(b'"status": "completed"', b'"status": "incomplete"')


def test_no_recorded_answer_is_stored_once_it_is_cut_short(caller, provider, capsys):
    pairs = [pair for pair in PAIRS if may_be_stored(pair) and "embeddings" not in pair.path]
    for number, pair in enumerate(pairs):
        request = json.dumps(pair.request | {"pair": number}).encode()
        body = cut_short(pair)
        assert body != pair.body, pair.name
        provider.answer = Answer([body], headers={"content-type": pair.content_type})
        replies = [caller.post(provider.url + pair.path, request) for _ in range(2)]
        assert [(reply.outcome, reply.body) for reply in replies] == [("miss", body)] * 2, pair.name
    with capsys.disabled():
        print(f"\n{len(pairs)} pairs cut short: none stored")

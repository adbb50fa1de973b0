"""A transport answers the same question from the cache, and sends everything else on."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from replay.caller import FLAVOURS, Caller, calling
from replay.provider import Answer, Provider

CHAT = "/v1/chat/completions"
DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello!"}]}
WHOLE = {
    "object": "chat.completion",
    "model": "gpt-4o-2024-08-06",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi!"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3},
}


@pytest.fixture(params=FLAVOURS)
def caller(request, client):
    with calling(request.param, client) as caller:
        yield caller


@pytest.fixture
def provider():
    with Provider().serving() as provider:
        provider.answer = Answer([json.dumps(WHOLE).encode()])
        yield provider


def ask(caller: Caller, provider: Provider, *, path: str = CHAT, headers: Any = None, **members: Any) -> Any:
    return caller.post(provider.url + path, json.dumps(QUESTION | members).encode(), headers)


def test_the_second_answer_comes_from_the_cache(caller, provider):
    first, second = ask(caller, provider), ask(caller, provider)
    assert provider.calls == 1
    assert (first.outcome, second.outcome) == ("miss", "hit")
    assert (first.status, second.status) == (200, 200)
    assert first.body == second.body == json.dumps(WHOLE).encode()


def test_another_question_is_another_answer(caller, provider):
    ask(caller, provider)
    assert ask(caller, provider, seed=1).outcome == "miss"
    assert ask(caller, provider, path="/v2/chat/completions").outcome == "miss"
    assert ask(caller, provider, headers={"openai-beta": "x"}).outcome == "miss"
    assert provider.calls == 4


def test_who_asks_makes_no_other_question(caller, provider):
    ask(caller, provider, user="a", headers={"authorization": "Bearer a"})
    assert ask(caller, provider, user="b", headers={"authorization": "Bearer b"}).outcome == "hit"


def test_a_hit_has_no_header_that_is_somebody_elses(caller, provider):
    provider.answer.headers |= {
        "x-request-id": "req_1",
        "openai-model": "gpt-4o",
        "set-cookie": "session=secret",
        "openai-organization": "acme",
        "x-ratelimit-remaining-requests": "7",
    }
    assert ask(caller, provider).headers["set-cookie"] == "session=secret"
    assert ask(caller, provider).headers == {
        "content-type": "application/json",
        "content-length": str(len(provider.answer.pieces[0])),
        "openai-model": "gpt-4o",
        "x-request-id": "req_1",
        "x-paracle-cache": "hit",
    }


def test_bypass_neither_looks_up_nor_stores(caller, provider):
    bypass = {"X-Paracle-Cache": "bypass"}
    assert ask(caller, provider, headers=bypass).outcome == "bypass"
    assert ask(caller, provider).outcome == "miss"
    assert ask(caller, provider, headers=bypass).outcome == "bypass"
    assert provider.calls == 3


def test_the_directive_is_not_sent_on_and_a_request_can_be_sent_again(caller, provider):
    request = caller.request(
        "POST", provider.url + CHAT, json=QUESTION, headers={"x-paracle-cache": "bypass"}
    )
    assert caller.send(request).outcome == caller.send(request).outcome == "bypass"
    for received in provider.received:
        assert "x-paracle-cache" not in received.headers
        assert json.loads(received.body) == QUESTION
        assert received.headers["content-type"] == "application/json"


def test_a_directive_that_is_none_has_no_effect_but_one_warning(caller, provider, caplog):
    word = f"no-{uuid.uuid4()}"
    for outcome in ("miss", "hit"):
        assert ask(caller, provider, headers={"x-paracle-cache": word}).outcome == outcome
    assert [record.message for record in caplog.records if word in record.message] == [
        f"header x-paracle-cache: {word!r} has no effect; bypass is accepted"
    ]
    assert "x-paracle-cache" not in provider.received[0].headers


@pytest.mark.parametrize(
    "path", ["/v1/models", "/v1/images/generations", "/v1/messages/count_tokens", "/v1/responses/"]
)
def test_other_paths_pass_through_untouched(caller, provider, path):
    for _ in range(2):
        reply = ask(caller, provider, path=path)
        assert reply.outcome is None
        assert reply.body == provider.answer.pieces[0]
    assert provider.calls == 2


def test_other_methods_pass_through_untouched(caller, provider):
    assert caller.post(provider.url + CHAT, b"", method="GET").outcome is None


@pytest.mark.parametrize(
    "members",
    [
        {"background": True},
        {"conversation": "conv_1"},
        {"container": "container_1"},
        {"tools": [{"type": "code_interpreter", "container": "cntr_1"}]},
    ],
)
def test_what_depends_on_more_than_the_request_is_asked_every_time(caller, provider, members):
    assert [ask(caller, provider, **members).outcome for _ in range(2)] == ["bypass", "bypass"]
    assert provider.calls == 2


@pytest.mark.parametrize(
    "members",
    [
        {"background": False},
        {"conversation": None},
        {"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]},
    ],
)
def test_what_only_looks_like_it_is_cached(caller, provider, members):
    assert [ask(caller, provider, **members).outcome for _ in range(2)] == ["miss", "hit"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"text"',
        b"{",
        b'{"a":1,"a":2}',
        b'{"seed":9007199254740993}',
        b'{"a":"\\ud800"}',
        b"\xff",
        DEEP,
    ],
)
def test_a_body_without_a_key_is_asked_every_time(caller, provider, body):
    assert [caller.post(provider.url + CHAT, body).outcome for _ in range(2)] == ["bypass", "bypass"]
    assert [received.body for received in provider.received] == [body, body]


def test_a_body_over_8_mib_is_asked_every_time(caller, provider):
    body = json.dumps(QUESTION | {"padding": "x" * (8 << 20)}).encode()
    assert [caller.post(provider.url + CHAT, body).outcome for _ in range(2)] == ["bypass", "bypass"]


@pytest.mark.parametrize("flavour", ["httpx", "httpx2"])
def test_a_body_of_unknown_length_is_sent_on_unread(client, provider, flavour):
    with calling(flavour, client) as caller:
        pieces = iter([b'{"model":', b'"gpt-4o"}'])
        request = caller.request(
            "POST", provider.url + CHAT, content=pieces, headers={"x-paracle-cache": "bypass"}
        )
        assert caller.send(request).outcome == "bypass"
    assert provider.received[0].body == b'{"model":"gpt-4o"}'


def test_an_answer_over_the_entry_limit_is_returned_but_not_stored(caller, provider):
    answer = json.dumps(WHOLE | {"padding": "x" * (4 << 20)}).encode()
    provider.answer = Answer([answer[at : at + 65536] for at in range(0, len(answer), 65536)])
    for _ in range(2):
        reply = ask(caller, provider)
        assert (reply.outcome, reply.body == answer) == ("miss", True)


@pytest.mark.parametrize("status", [201, 202, 301, 400, 429, 500])
def test_only_status_200_is_stored(caller, provider, status):
    provider.answer.status = status
    assert [ask(caller, provider).status for _ in range(2)] == [status, status]
    assert provider.calls == 2

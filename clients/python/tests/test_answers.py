"""Which answers are whole, and what usage they tell."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from paracle_cache._http import sse
from paracle_cache.answers import Usage, judge, judge_chunks
from replay import recorded


def chat(*ends: str | None, **members: Any) -> dict[str, Any]:
    choices = [
        {"index": at, "message": {"content": "hi"}, "finish_reason": end} for at, end in enumerate(ends)
    ]
    return {"object": "chat.completion", "choices": choices, **members}


def completion(end: str) -> dict[str, Any]:
    return {"object": "text_completion", "choices": [{"index": 0, "text": "hi", "finish_reason": end}]}


def response(status: str, **members: Any) -> dict[str, Any]:
    return {"object": "response", "status": status, "error": None, "output": [], **members}


def message(end: str | None) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": [], "stop_reason": end}


def gemini(*ends: str | None, **members: Any) -> dict[str, Any]:
    candidates = [{"content": {"parts": []}, "finishReason": end} if end else {"content": {}} for end in ends]
    return {"candidates": candidates, "modelVersion": "gemini-2.5-flash", **members}


@pytest.mark.parametrize(
    "answer",
    [
        chat("stop"),
        chat("tool_calls"),
        chat("function_call"),
        chat("stop", "stop"),
        chat("stop", error=None),
        completion("stop"),
        response("completed"),
        {"object": "list", "data": [{"object": "embedding", "embedding": [0.5]}]},
        message("end_turn"),
        message("tool_use"),
        message("stop_sequence"),
        gemini("STOP"),
        gemini("STOP", "STOP"),
        {"embedding": {"values": [0.5]}},
        {"embeddings": [{"values": [0.5]}, {"values": [0.25]}]},
    ],
)
def test_a_whole_answer_is_known_and_whole(answer: dict[str, Any]) -> None:
    verdict = judge(answer)
    assert (verdict.known, verdict.whole, verdict.reason) == (True, True, "")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (chat("length"), "finish_reason is length"),
        (chat("content_filter"), "finish_reason is content_filter"),
        (chat(None), "finish_reason is NoneType"),
        (chat("stop", "length"), "finish_reason is length"),
        (chat(), "no choice"),
        (chat("stop", error={"message": "late"}), "error"),
        (completion("length"), "finish_reason is length"),
        (completion("tool_calls"), "finish_reason is tool_calls"),
        (response("incomplete"), "status is incomplete"),
        (response("queued"), "status is queued"),
        (response("failed", error={"code": "server_error"}), "error"),
        ({"object": "list", "data": []}, "no embeddings"),
        ({"embeddings": [{"values": [0.5]}, {"values": []}]}, "an embedding without values"),
        (message("max_tokens"), "stop_reason is max_tokens"),
        (message("refusal"), "stop_reason is refusal"),
        (message("pause_turn"), "stop_reason is pause_turn"),
        (message(None), "stop_reason is NoneType"),
        (gemini("MAX_TOKENS"), "finishReason is MAX_TOKENS"),
        (gemini("STOP", "SAFETY"), "finishReason is SAFETY"),
        (gemini(None), "finishReason is NoneType"),
        (gemini(), "no candidate"),
        (gemini("STOP", promptFeedback={"blockReason": "OTHER"}), "the prompt was blocked"),
        ({"error": {"message": "quota"}}, "error"),
        ({"type": "error", "error": {"type": "overloaded_error"}}, "error"),
    ],
)
def test_an_answer_that_is_not_whole_says_why(answer: dict[str, Any], reason: str) -> None:
    verdict = judge(answer)
    assert (verdict.known, verdict.whole, verdict.reason) == (True, False, reason)


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "hi"},
        {"data": []},
        {"choices": ["a", "b"]},
        {"candidates": ["alice"]},
        {"embedding": [0.5]},
        {"result": 1, "error": None},
        "hi",
        17,
        None,
        [],
        ["a"],
    ],
)
def test_a_shape_of_nobody_is_not_known(answer: Any) -> None:
    assert not judge(answer).known
    assert not judge(answer).whole


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        (chat("stop", usage={"prompt_tokens": 3, "completion_tokens": 4}), Usage(3, 4)),
        (response("completed", usage={"input_tokens": 3, "output_tokens": 4}), Usage(3, 4)),
        (
            message("end_turn")
            | {
                "usage": {
                    "input_tokens": 3,
                    "output_tokens": 4,
                    "cache_creation_input_tokens": 10,
                    "cache_read_input_tokens": 100,
                }
            },
            Usage(113, 4),
        ),
        (
            gemini(
                "STOP",
                usageMetadata={"promptTokenCount": 3, "candidatesTokenCount": 4, "thoughtsTokenCount": 5},
            ),
            Usage(3, 9),
        ),
        (chat("stop", usage={"prompt_tokens": -3, "completion_tokens": 4.5}), Usage(0, 0)),
        (chat("stop", usage={"prompt_tokens": True, "completion_tokens": "4"}), Usage(0, 0)),
        (chat("stop", usage={"prompt_tokens": 10**30, "completion_tokens": None}), Usage(0, 0)),
        (chat("stop", usage=[1]), Usage(0, 0)),
        (chat("stop"), Usage(0, 0)),
    ],
)
def test_usage_is_what_the_provider_told_and_else_0(answer: dict[str, Any], usage: Usage) -> None:
    assert judge(answer).usage == usage


def test_usage_under_the_names_of_googles_sdk() -> None:
    dumped = {
        "candidates": [{"content": {"parts": []}, "finish_reason": "STOP"}],
        "model_version": "gemini-2.5-flash",
        "usage_metadata": {
            "prompt_token_count": 3,
            "candidates_token_count": 4,
            "thoughts_token_count": None,
        },
    }
    verdict = judge(dumped)
    assert (verdict.whole, verdict.usage, verdict.model) == (True, Usage(3, 4), "gemini-2.5-flash")


def events_of(pair: recorded.Pair) -> list[Any]:
    events, complete = sse.parse(pair.body)
    assert complete
    return [json.loads(event.data) for event in events if event.data != b"[DONE]"]


STREAMS = [pair for pair in recorded.pairs() if pair.is_stream]
DOCUMENTS = [pair for pair in recorded.pairs() if not pair.is_stream]


@pytest.mark.parametrize("pair", STREAMS, ids=lambda pair: pair.name)
def test_a_recorded_stream_is_whole_and_no_prefix_of_it_is(pair: recorded.Pair) -> None:
    events = events_of(pair)
    verdict = judge_chunks(events)
    if "background" in pair.request:
        return  # ended as it should all the same
    assert (verdict.known, verdict.whole, verdict.reason) == (True, True, "")
    assert verdict.model
    told_later = [
        event for event in events if event.get("choices") == []
    ]  # chat may tell usage behind the end
    for end in range(len(events) - 1 - len(told_later)):
        assert not judge_chunks(events[:end]).whole, f"{end} of {len(events)} events"


@pytest.mark.parametrize("pair", DOCUMENTS, ids=lambda pair: pair.name)
def test_a_recorded_document_is_known_and_whole_if_it_succeeded(pair: recorded.Pair) -> None:
    verdict = judge(pair.answer)
    queued = pair.answer.get("status") == "queued"
    assert verdict.known
    assert verdict.whole == (pair.status == 200 and not queued)
    if verdict.whole:
        assert verdict.model
        assert verdict.usage.prompt_tokens > 0


def test_a_stream_tells_the_last_usage() -> None:
    events = [
        {
            "type": "message_start",
            "message": {"model": "m", "usage": {"input_tokens": 7, "output_tokens": 1}},
        },
        {"type": "ping"},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 30}},
        {"type": "message_stop"},
    ]
    verdict = judge_chunks(events)
    assert (verdict.whole, verdict.usage, verdict.model) == (True, Usage(7, 30), "m")


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"type": "error", "error": {"type": "overloaded_error"}}, "error"),
        ({"error": {"message": "late"}}, "error"),
        ({"type": "response.created", "response": {}}, "events of different kinds"),
    ],
)
def test_a_stream_with_an_error_or_a_foreign_event_is_not_whole(extra: dict[str, Any], reason: str) -> None:
    chunk = {
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
    }
    assert judge_chunks([chunk]).whole
    verdict = judge_chunks([chunk, extra])
    assert (verdict.known, verdict.whole, verdict.reason) == (True, False, reason)


def test_every_choice_of_a_stream_must_end() -> None:
    def chunk(index: int, end: str | None) -> dict[str, Any]:
        return {
            "object": "chat.completion.chunk",
            "choices": [{"index": index, "delta": {}, "finish_reason": end}],
        }

    assert not judge_chunks([chunk(0, None), chunk(1, None), chunk(0, "stop")]).whole
    assert judge_chunks([chunk(0, None), chunk(1, None), chunk(0, "stop"), chunk(1, "stop")]).whole


def test_chunks_of_nobodys_shape_are_not_known() -> None:
    assert not judge_chunks(["a", "b"]).known
    assert not judge_chunks([]).known


HOSTILE: list[Any] = [None, True, -1, 1.5, 10**30, "", "stop", "\ud800", [], {}, [[]], [{}], {"": []}]


def mutated(value: Any, dice: random.Random) -> Any:
    """The value with one member at a random depth replaced or dropped."""
    if not isinstance(value, (dict, list)) or not value or dice.random() < 0.1:
        return copy.deepcopy(dice.choice(HOSTILE))
    names = list(value) if isinstance(value, dict) else range(len(value))
    name = dice.choice(list(names))
    if dice.random() < 0.1:
        del value[name]
    else:
        value[name] = mutated(value[name], dice)
    return value


def test_nothing_is_raised_whatever_becomes_of_recorded_answers() -> None:
    seed = 20261126
    dice = random.Random(seed)
    documents = [pair.answer for pair in DOCUMENTS]
    streams = [events_of(pair)[:20] for pair in STREAMS]
    for _ in range(1500):
        answer = copy.deepcopy(dice.choice(documents))
        events = copy.deepcopy(dice.choice(streams))
        for _ in range(dice.randint(1, 6)):
            answer, events = mutated(answer, dice), mutated(events, dice)
        for verdict in (judge(answer), judge_chunks(events if isinstance(events, list) else [events])):
            assert verdict.known or not verdict.whole, f"seed {seed}"
            assert verdict.whole == (verdict.reason == "")
            assert isinstance(verdict.model, str)
            for count in (verdict.usage.prompt_tokens, verdict.usage.completion_tokens):
                assert type(count) is int
                assert 0 <= count < 2**32

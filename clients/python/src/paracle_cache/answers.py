"""Judges whether an answer of a language model is whole, and reads its usage.

Whole is what may be stored: an answer that was cut short, filtered, refused or failed must not be given to
the next one who asks. The shapes are those of docs/clients.md; of any other shape the verdict says that it is
not known.

Pure functions of parsed JSON, safe to call from any thread. Whatever the value's type or depth, nothing is
raised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_MAX_TOKENS = 2**32 - 1  # what the wire counts to

_CHAT_ENDS = ("stop", "tool_calls", "function_call")
_COMPLETION_ENDS = ("stop",)
_MESSAGE_ENDS = ("end_turn", "tool_use", "stop_sequence")
_GEMINI_ENDS = ("STOP",)

WHOLE_ENDS = frozenset((*_CHAT_ENDS, *_MESSAGE_ENDS, *_GEMINI_ENDS, "completed"))
"""Every way in which a whole answer of any shape ends."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them. 0: it did not tell."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of an answer."""

    known: bool
    """It has one of the shapes of docs/clients.md, or is an error of a provider."""
    whole: bool
    """Nothing is missing. Never true of a shape that is not known."""
    reason: str
    """Why it is not whole, for people; empty when it is."""
    usage: Usage = Usage()
    model: str = ""
    """The model, as the answer names it; empty when it does not."""


def judge(answer: Any) -> Verdict:
    """Judges one parsed JSON answer."""
    if not isinstance(answer, dict):
        return _UNKNOWN
    complaint = _document_rule(answer)
    if complaint is None:
        return Verdict(True, False, "error") if answer.get("error") else _UNKNOWN
    reason = "error" if answer.get("error") is not None else complaint(answer)
    return Verdict(True, not reason, reason, _usage([answer]), _model([answer]))


def judge_chunks(chunks: Sequence[Any]) -> Verdict:
    """Judges a stream by its parsed events or chunks, in their order.

    What has no shape of its own, as Anthropic's `ping`, is passed over. `[DONE]` is not JSON and not asked
    for here: whoever reads the event stream knows whether it came.
    """
    shaped = [(rule, chunk) for chunk in chunks if (rule := _chunk_rule(chunk)) is not None]
    failed = any(_is_failure(chunk) for chunk in chunks)
    if not shaped:
        return Verdict(True, False, "error") if failed else _UNKNOWN
    complaint = shaped[0][0]
    if failed:
        reason = "error"
    elif any(rule is not complaint for rule, _ in shaped):
        reason = "events of different kinds"
    else:
        reason = complaint([chunk for _, chunk in shaped])
    bodies = [body for chunk in chunks for body in _bodies(chunk)]
    return Verdict(True, not reason, reason, _usage(bodies), _model(bodies))


_UNKNOWN = Verdict(False, False, "not a shape that is known")

_Object = dict[str, Any]


# Which rule an answer is judged by. None: not a shape that is known.


def _document_rule(answer: _Object) -> Callable[[_Object], str] | None:
    if _has_choices(answer, "chat.completion", "text_completion", members=("message", "text")):
        return lambda it: _complaint_of_choices([it])
    if answer.get("object") == "response":
        return _complaint_of_response
    if answer.get("type") == "message" and "stop_reason" in answer:
        return lambda it: _complaint_of_end("stop_reason", it["stop_reason"], _MESSAGE_ENDS)
    if _is_gemini(answer):
        return lambda it: _complaint_of_candidates([it])
    if _is_embeddings(answer):
        return _complaint_of_embeddings
    return None


def _chunk_rule(chunk: Any) -> Callable[[list[_Object]], str] | None:
    if not isinstance(chunk, dict):
        return None
    if _has_choices(chunk, "chat.completion.chunk", "text_completion", members=("delta", "text")):
        return _complaint_of_choices
    kind = chunk.get("type")
    if isinstance(kind, str):
        if kind.startswith("response."):
            return _complaint_of_response_events
        if kind.startswith(("message_", "content_block_")):
            return _complaint_of_message_events
    return _complaint_of_candidates if _is_gemini(chunk) else None


def _has_choices(answer: _Object, *objects: str, members: tuple[str, ...]) -> bool:
    choices = answer.get("choices")
    if not isinstance(choices, list):
        return False
    if answer.get("object") in objects:
        return True
    return any(member in choice for choice in _objects(choices) for member in members)


def _is_gemini(answer: _Object) -> bool:
    if any(_either(answer, name) is not None for name in ("usageMetadata", "promptFeedback", "modelVersion")):
        return True
    return any(
        "content" in candidate or _either(candidate, "finishReason") is not None
        for candidate in _objects(answer.get("candidates"))
    )


def _is_embeddings(answer: _Object) -> bool:
    if answer.get("object") == "list" and isinstance(answer.get("data"), list):
        return True
    return any("embedding" in item for item in _objects(answer.get("data"))) or any(
        "values" in item for item in _gemini_embeddings(answer)
    )


def _is_failure(chunk: Any) -> bool:
    return isinstance(chunk, dict) and (chunk.get("type") == "error" or chunk.get("error") is not None)


# Complaints: why an answer of that shape is not whole; "" when it is.


def _complaint_of_end(name: str, end: Any, whole: tuple[str, ...]) -> str:
    if end in whole:
        return ""
    return f"{name} is {end[:40] if isinstance(end, str) else type(end).__name__}"


def _complaint_of_choices(chunks: list[_Object]) -> str:
    """Of a document, or of a stream's chunks: a choice ends with the last reason told for its index."""
    ends: dict[int, Any] = {}
    whole: tuple[str, ...] = _CHAT_ENDS
    for chunk in chunks:
        for position, choice in enumerate(_list(chunk.get("choices"))):
            if not isinstance(choice, dict):
                return "a choice is not an object"
            if "text" in choice:
                whole = _COMPLETION_ENDS
            _note_end(ends, choice.get("index", position), choice.get("finish_reason"))
    return _complaint_of_ends("choice", "finish_reason", ends, whole)


def _complaint_of_candidates(chunks: list[_Object]) -> str:
    """As that of choices, for Gemini."""
    ends: dict[int, Any] = {}
    for chunk in chunks:
        feedback = _either(chunk, "promptFeedback")
        if isinstance(feedback, dict) and _either(feedback, "blockReason") is not None:
            return "the prompt was blocked"
        for position, candidate in enumerate(_list(chunk.get("candidates"))):
            if not isinstance(candidate, dict):
                return "a candidate is not an object"
            index = candidate.get("index")
            _note_end(ends, position if index is None else index, _either(candidate, "finishReason"))
    return _complaint_of_ends("candidate", "finishReason", ends, _GEMINI_ENDS)


def _note_end(ends: dict[int, Any], index: Any, end: Any) -> None:
    place = index if isinstance(index, int) else -1
    ends[place] = ends.get(place) if end is None else end


def _complaint_of_ends(what: str, name: str, ends: dict[int, Any], whole: tuple[str, ...]) -> str:
    if not ends:
        return f"no {what}"
    return next((said for end in ends.values() if (said := _complaint_of_end(name, end, whole))), "")


def _complaint_of_response(answer: _Object) -> str:
    return _complaint_of_end("status", answer.get("status"), ("completed",))


def _complaint_of_response_events(events: list[_Object]) -> str:
    last = events[-1]
    if last["type"] != "response.completed":
        return "no response.completed at the end"
    response = last.get("response")
    if not isinstance(response, dict):
        return "response.completed without a response"
    return "error" if response.get("error") is not None else _complaint_of_response(response)


def _complaint_of_message_events(events: list[_Object]) -> str:
    if events[0]["type"] != "message_start" or events[-1]["type"] != "message_stop":
        return "not from message_start to message_stop"
    deltas = [event.get("delta") for event in events if event["type"] == "message_delta"]
    ends = [end for delta in _objects(deltas) if (end := delta.get("stop_reason")) is not None]
    return _complaint_of_end("stop_reason", ends[-1] if ends else None, _MESSAGE_ENDS)


def _complaint_of_embeddings(answer: _Object) -> str:
    if "data" in answer:
        return "" if answer["data"] else "no embeddings"
    whole = all(_list(item.get("values")) for item in _gemini_embeddings(answer))
    return "" if whole else "an embedding without values"


def _gemini_embeddings(answer: _Object) -> list[_Object]:
    """Of `embedContent`, which answers one, and of `batchEmbedContents`."""
    return _objects([answer.get("embedding")]) + _objects(answer.get("embeddings"))


# Usage and model.


def _bodies(chunk: Any) -> list[_Object]:
    """Where an event may tell usage and model: itself, and what Anthropic and OpenAI's responses nest."""
    if not isinstance(chunk, dict):
        return []
    return _objects([chunk, chunk.get("message"), chunk.get("response")])


def _usage(bodies: list[_Object]) -> Usage:
    """The last figure that is told for each name: streams tell some early, some late, some again."""
    told: _Object = {}
    for body in bodies:
        for usage in _objects([body.get("usage"), _either(body, "usageMetadata")]):
            told.update({name: count for name, count in usage.items() if count is not None})
    prompt = _first_count(told, ("prompt_tokens", "input_tokens", "promptTokenCount", "prompt_token_count"))
    # Anthropic counts what its own cache of prompts wrote and read apart from input_tokens.
    prompt += _count(told.get("cache_creation_input_tokens")) + _count(told.get("cache_read_input_tokens"))
    completion = _first_count(told, ("completion_tokens", "output_tokens"))
    # Gemini counts thoughts apart from candidates.
    completion += _first_count(told, ("candidatesTokenCount", "candidates_token_count"))
    completion += _first_count(told, ("thoughtsTokenCount", "thoughts_token_count"))
    return Usage(min(prompt, _MAX_TOKENS), min(completion, _MAX_TOKENS))


def _first_count(told: _Object, names: tuple[str, ...]) -> int:
    return next((count for name in names if (count := _count(told.get(name)))), 0)


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value <= _MAX_TOKENS else 0


def _model(bodies: list[_Object]) -> str:
    named = [name for body in bodies for name in (body.get("model"), _either(body, "modelVersion")) if name]
    return next((name for name in named if isinstance(name, str)), "")


# Reading values of any type.

_IN_PYTHON = {
    "blockReason": "block_reason",
    "finishReason": "finish_reason",
    "modelVersion": "model_version",
    "promptFeedback": "prompt_feedback",
    "usageMetadata": "usage_metadata",
}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[_Object]:
    return [item for item in _list(value) if isinstance(item, dict)]


def _either(answer: _Object, name: str) -> Any:
    """A Gemini member, under its name in JSON or the one that Google's SDK gives it in Python."""
    value = answer.get(name)
    return answer.get(_IN_PYTHON[name]) if value is None else value

"""Reads a recorded body: what it answers, and whether it ended as its kind ends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..answers import Verdict, judge, judge_chunks
from . import sse
from .stored_response import is_event_stream

_DONE = b"[DONE]"
_LAST_EVENTS = ("response.completed", "message_stop")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a body says."""

    answer: Any
    """The JSON document, or the list of a stream's events."""
    verdict: Verdict


def read(content_type: str, body: bytes, *, at_end: bool) -> Reading | None:
    """Reads a body that was received so far; `at_end`: the provider ended it.

    None: it is not JSON, or something is or may be missing. A reader may leave a stream after the event that
    ends it, without waiting for the connection to say so.
    """
    try:
        if is_event_stream(content_type):
            return _read_events(body, at_end)
        return _read_document(body) if at_end else None
    except (ValueError, RecursionError):
        return None


def _read_document(body: bytes) -> Reading:
    answer = json.loads(body)
    # Gemini without `alt=sse` streams its chunks as the elements of one array.
    return Reading(answer, judge_chunks(answer) if isinstance(answer, list) else judge(answer))


def _read_events(body: bytes, at_end: bool) -> Reading | None:
    events, complete = sse.parse(body)
    done = bool(events) and events[-1].data == _DONE
    chunks = [json.loads(event.data) for event in (events[:-1] if done else events)]
    if not complete or any(event.name == b"error" for event in events):
        return None
    if not done and not _ends_itself(chunks, at_end):
        return None
    return Reading(chunks, judge_chunks(chunks))


def _ends_itself(chunks: list[Any], at_end: bool) -> bool:
    """Without `[DONE]`, which chat always has: by its last event, or, as Gemini does, with its body."""
    objects = [chunk for chunk in chunks if isinstance(chunk, dict)]
    if objects and objects[-1].get("type") in _LAST_EVENTS:
        return True
    return at_end and not any("choices" in chunk for chunk in objects)

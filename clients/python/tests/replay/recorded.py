"""Recorded traffic of providers: all of it where it lies beside the repository, else the cut inside it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[4]
_ALL = _ROOT.parent / "shared" / "data" / "llm"
IS_ALL = _ALL.is_dir()
SOURCE = _ALL if IS_ALL else _ROOT / "tests" / "data" / "llm"

_FILES = ("openai_chat", "openai_responses", "openai_embeddings", "anthropic_messages", "gemini")


@dataclass(frozen=True)
class Pair:
    """One request and what was answered."""

    name: str
    provider: str
    category: str
    path: str
    request: dict[str, Any]
    status: int
    body: bytes
    is_stream: bool

    @property
    def content_type(self) -> str:
        return "text/event-stream; charset=utf-8" if self.is_stream else "application/json"

    @property
    def answer(self) -> Any:
        """Of a document."""
        return json.loads(self.body)


def pairs() -> list[Pair]:
    """Every recorded pair."""
    return [
        _pair(f"{file}-{number}", json.loads(line))
        for file in _FILES
        for number, line in enumerate((SOURCE / f"{file}.jsonl").read_text().splitlines())
    ]


def pick(provider: str, path_end: str, category: str) -> list[Pair]:
    """Those that succeeded, of one provider, endpoint and category."""
    return [
        pair
        for pair in pairs()
        if (pair.provider, pair.category, pair.status) == (provider, category, 200)
        and pair.path.partition("?")[0].endswith(path_end)
    ]


def one_of_each(provider: str, path_end: str, *categories: str) -> list[Pair]:
    """The first that may be cached, of each category that was recorded at all."""
    picked = [pick(provider, path_end, category) for category in categories]
    finals = [[pair for pair in found if not pair.request.get("background")] for found in picked]
    return [found[0] for found in finals if found]


def label(pair: Pair) -> str:
    """For the ids of parametrized tests."""
    return f"{pair.name}-{pair.category}"


def _pair(name: str, line: dict[str, Any]) -> Pair:
    events = line.get("response_sse")
    return Pair(
        name=name,
        provider=line["provider"],
        category=line["source"]["category"],
        path=line["endpoint"],
        request=line["request_body"],
        status=line["status"],
        body=json.dumps(line["response_body"]).encode() if events is None else _events(events),
        is_stream=events is not None,
    )


def _events(text: str) -> bytes:
    # Streams that are not ASCII were recorded in base64.
    return text.encode() if text.lstrip().startswith(("data:", "event:", ":")) else base64.b64decode(text)

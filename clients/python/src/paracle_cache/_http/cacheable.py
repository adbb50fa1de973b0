"""Which requests are questions to a model that the cache may answer, and what it is told about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..key import CacheKey, EntryId
from .flavour import Request

_MAX_BODY = 8 * 2**20

_PATHS = (
    b"/chat/completions",
    b"/completions",
    b"/responses",
    b"/embeddings",
    b"/messages",
    b":generateContent",
    b":streamGenerateContent",
    b":embedContent",
    b":batchEmbedContents",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that the cache may answer."""

    entry: EntryId
    streams: bool
    """The answer is asked for in pieces as they are made."""


def is_asked(request: Request) -> bool:
    """It goes to an endpoint that answers questions. The body is not looked at."""
    return request.method == "POST" and request.url.raw_path.partition(b"?")[0].endswith(_PATHS)


def size_of(request: Request) -> int:
    """Bytes of the body; 0 when it is not in memory."""
    try:
        return len(request.content)
    except RuntimeError:
        return 0


def question_of(request: Request) -> Asked | None:
    """The question of a request that `is_asked`. None: its answer must come from the provider.

    That is: the body is not in memory or too large, or the answer depends on more than the request, or is not
    final. Raises KeyRefused.
    """
    try:
        body = request.content
    except RuntimeError:
        return None
    if len(body) > _MAX_BODY:
        return None
    key = CacheKey.from_request(
        provider=request.url.netloc.decode("ascii"),
        endpoint=request.url.raw_path.decode("ascii"),
        headers=request.headers.multi_items(),
        body=body,
    )
    params = key.params or {}
    if _depends_on_more(params):
        return None
    streams = params.get("stream") is True or b":streamGenerateContent" in request.url.raw_path
    return Asked(key.entry_id(), streams)


def _depends_on_more(params: Mapping[str, Any]) -> bool:
    if params.get("background", False) is not False:
        return True
    if "conversation" in params or "container" in params:
        return True
    tools = params.get("tools")
    # A `container` that is an object asks for a new one; a string is the id of one that has a state.
    return isinstance(tools, list) and any(
        isinstance(tool, dict) and isinstance(tool.get("container"), str) for tool in tools
    )

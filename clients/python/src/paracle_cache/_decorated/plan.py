"""One decorated function: the steps of a call that its sync and async forms share. No I/O here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .._failsafe.held import Held
from .._log import Notices
from .._values import json_values
from ..key import EntryId, KeyRefused
from ..results import Hit, Miss, Origin
from ..stats import get_stats_tracker
from .call import Call, NotKeyed
from .judgement import Judgement, Made
from .streams import Recording

Cache = TypeVar("Cache")
Found = Hit | Miss | Held | None

NOTHING = object()
"""No answer in the cache. None is an answer."""


@dataclass(frozen=True, slots=True)
class Fill:
    """What to store."""

    payload: bytes
    content_type: str
    found: Miss | Held
    origin: Origin

    def told(self, plan: Plan[Any]) -> dict[str, Any]:
        """The arguments of the cache's `store`."""
        return {
            "content_type": self.content_type,
            "fill_token": self.found.fill_token,
            "lease": self.found if isinstance(self.found, Held) else None,
            "origin": self.origin,
            "ttl": plan.ttl,
            "tags": plan.tags,
        }


@dataclass(frozen=True, slots=True)
class Plan(Generic[Cache]):
    """How one function is cached. Immutable and thread-safe; nothing in it raises because of the cache."""

    call: Call
    judgement: Judgement
    notices: Notices
    cache: Cache | None
    """None: the one that the process, or the event loop, shares."""
    ttl: float | None
    tags: Sequence[str]
    coalesce: bool
    """Whether to wait for somebody who is asking the same."""

    def entry(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> EntryId | None:
        """The key of a call, derived before the function can change its arguments. None: not cached."""
        try:
            return self.call.key(args, kwargs).entry_id()
        except (NotKeyed, KeyRefused) as refusal:
            self.notices.warn("key", f"called without the cache: {refusal}")
        except Exception as error:  # noqa: BLE001  # whatever the arguments' own methods do
            self.notices.warn("key", f"called without the cache: {type(error).__name__}: {error}")
        return None

    def recall(self, found: Found, began: float) -> Any:
        """The answer that was found, made of fresh objects, or NOTHING. `began`: when the lookup did."""
        return self._recall(found, began, json_values.JSON, json_values.decode)

    def recall_stream(self, found: Found, began: float) -> Any:
        """The same for the list of a stream's chunks."""
        return self._recall(found, began, json_values.CHUNKS, json_values.decode_chunks)

    def _recall(self, found: Found, began: float, content_type: str, decode: Callable[[bytes], Any]) -> Any:
        if not isinstance(found, Hit) or found.content_type != content_type:
            return NOTHING
        try:
            answer = decode(found.payload)
        except json_values.Unreadable as error:
            self.notices.warn("payload", f"an entry was passed over: {error}")
            return NOTHING
        took_ms = (time.perf_counter() - began) * 1e3
        get_stats_tracker().record_hit(took_ms, _tokens(found.origin), found.origin.cost_usd)
        return answer

    def count_followed(self, origin: Origin, began: float) -> None:
        """A stream of somebody else's was followed to its end: a hit."""
        took_ms = (time.perf_counter() - began) * 1e3
        get_stats_tracker().record_hit(took_ms, _tokens(origin), origin.cost_usd)

    def fill(self, answer: Any, found: Found, entry: EntryId, latency: float) -> Fill | None:
        """What to store of an answer that took `latency` seconds; None: nothing."""
        # An entry that cannot be read stays until it expires: without a fill token, an answer older than an
        # invalidation could replace it.
        if not isinstance(found, Miss | Held):
            return None
        made = self.judgement.of_answer(answer, entry.model, latency)
        return _fill(made, found, json_values.JSON)

    def fill_stream(self, recording: Recording, found: Found, entry: EntryId) -> Fill | None:
        """The same of a stream that ended by itself."""
        payload = recording.payload()
        if payload is None or not isinstance(found, Miss | Held):
            return None
        made = self.judgement.of_chunks(payload, entry.model, recording.waited)
        return _fill(made, found, json_values.CHUNKS)


def _fill(made: Made, found: Miss | Held, content_type: str) -> Fill | None:
    origin = made.origin
    get_stats_tracker().record_miss((origin.latency or 0.0) * 1e3, _tokens(origin), origin.cost_usd)
    if made.payload is None:
        return None
    return Fill(made.payload, content_type, found, origin)


def _tokens(origin: Origin) -> int:
    return origin.prompt_tokens + origin.completion_tokens


def name_of(function: Callable[..., Any]) -> str:
    """For people."""
    return getattr(function, "__qualname__", None) or repr(function)

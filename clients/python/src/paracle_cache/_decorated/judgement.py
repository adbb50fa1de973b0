"""What becomes of an answer: whether it is stored, as what bytes, with what told of its making."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._log import Notices
from .._values import json_values
from ..answers import Verdict, judge, judge_chunks
from ..pricing import Cost, Price, PriceTable, cost_of
from ..results import Origin

CacheIf = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Made:
    """An answer that the model gave, judged."""

    payload: bytes | None
    """What to store; None: nothing."""
    origin: Origin


class Judgement:
    """Decides what is stored of the answers of one function. Raises nothing. As thread-safe as its callables.

    cache_if: gets an answer (of a generator: the list of its chunks) and decides. None: what is whole is
    stored, and what has no known shape, except None and a stream without chunks.
    cost: from model and usage to US dollars; a mapping from model to Price does too.
    """

    def __init__(
        self, cache_if: CacheIf | None, cost: Cost | Mapping[str, Price] | None, notices: Notices
    ) -> None:
        self._cache_if = cache_if
        self._cost = PriceTable(cost) if isinstance(cost, Mapping) and not callable(cost) else cost
        self._notices = notices

    def of_answer(self, answer: Any, model: str, latency: float) -> Made:
        """latency: seconds that the function took."""
        verdict = judge(answer)
        origin = self._origin(verdict, model, latency)
        if not self._wanted(answer, verdict, answer is not None):
            return Made(None, origin)
        try:
            return Made(json_values.encode(answer), origin)
        except json_values.NotJson as error:
            self._notices.warn("answer", f"answers are not stored: not JSON: {error}{_hint(answer)}")
            return Made(None, origin)

    def of_chunks(self, payload: bytes, model: str, latency: float) -> Made:
        """payload: all chunks of a stream that ended, as a JSON array."""
        try:
            chunks = json_values.decode_chunks(payload)
        except json_values.Unreadable as error:  # nested deeper than what is left of the stack
            self._notices.warn("stream", f"streams are not stored: {error}")
            return Made(None, Origin(latency=latency))
        verdict = judge_chunks(chunks)
        origin = self._origin(verdict, model, latency)
        return Made(payload if self._wanted(chunks, verdict, bool(chunks)) else None, origin)

    def _wanted(self, answer: Any, verdict: Verdict, something: bool) -> bool:
        if self._cache_if is None:
            return something and (verdict.whole or not verdict.known)
        try:
            return bool(self._cache_if(answer))
        except Exception as error:  # noqa: BLE001  # the caller's own function: the answer is good
            self._notices.warn("cache_if", f"answers are not stored: cache_if raised {error!r}")
            return False

    def _origin(self, verdict: Verdict, model: str, latency: float) -> Origin:
        usage = verdict.usage
        try:
            dollars = cost_of(self._cost, model or verdict.model, usage)
        except Exception as error:  # noqa: BLE001  # as above
            self._notices.warn("cost", f"costs count as 0: cost raised {error!r}")
            dollars = 0.0
        return Origin(usage.prompt_tokens, usage.completion_tokens, dollars, latency)


def _hint(answer: Any) -> str:
    if not hasattr(type(answer), "model_dump"):
        return ""
    return ": return answer.model_dump(), or use a transport of paracle_cache.httpx"

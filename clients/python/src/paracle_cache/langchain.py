"""LangChain's cache for models, on Paracle Cache.

    from langchain_core.globals import set_llm_cache
    from paracle_cache.langchain import ParacleCache

    set_llm_cache(ParacleCache())

Needs langchain-core 1.2.5 or newer: what is read from a cache is loaded with a list of allowed classes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core._api import suppress_langchain_beta_warning
from langchain_core.caches import BaseCache
from langchain_core.load import dumps, loads
from langchain_core.messages import AIMessage, AIMessageChunk, ChatMessage, ChatMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, Generation, GenerationChunk

from ._http.policy import Policy
from ._log import warn_once
from ._values.fill_tokens import FillTokens
from .answers import WHOLE_ENDS, Usage, Verdict
from .failsafe import AsyncSafeCache, SafeCache
from .key import CacheKey, EntryId, KeyRefused
from .pricing import Cost, Price
from .results import Hit, Miss

MEDIA_TYPE = "application/vnd.paracle.langchain+json"

_ALLOWED = (
    Generation,
    GenerationChunk,
    ChatGeneration,
    ChatGenerationChunk,
    AIMessage,
    AIMessageChunk,
    ChatMessage,
    ChatMessageChunk,
)
_ENDS = ("finish_reason", "stop_reason", "stopReason", "done_reason")

if "allowed_objects" not in inspect.signature(loads).parameters:
    raise ImportError(
        "langchain-core 1.2.5 or newer is needed: an older one loads whatever class it is told to"
    )


class ParacleCache(BaseCache):
    """Answers of chat models and LLMs, with every generation. Thread-safe; nothing is raised because of the cache.

    cache, async_cache: default: `SafeCache.shared()` and `AsyncSafeCache.shared()`.
    ttl: seconds that answers live. Default: PARACLE_CACHE_TTL, else the server's.
    tags: labels to invalidate the answers by.
    cost: from model and usage to US dollars, or a mapping from model to `Price`. Default: cost is not known.
    cache_if: gets the list of generations; true: it is stored. Default: if none of them was cut short or filtered,
        as far as the model's integration tells.

    Raises ValueError for a ttl that is not over 0 and for tags that are one string.
    """

    def __init__(
        self,
        cache: SafeCache | None = None,
        async_cache: AsyncSafeCache | None = None,
        *,
        ttl: float | None = None,
        tags: Sequence[str] = (),
        cost: Cost | Mapping[str, Price] | None = None,
        cache_if: Callable[[Any], bool] | None = None,
    ) -> None:
        self._cache = cache
        self._async_cache = async_cache
        self._policy = Policy(ttl, tags, cost, cache_if)
        self._tokens = FillTokens()

    def lookup(self, prompt: str, llm_string: str) -> list[Generation] | None:
        """The generations that were stored; None: ask the model."""
        entry = _entry(prompt, llm_string)
        return self._found(entry, self._sync.lookup(entry)) if entry else None

    async def alookup(self, prompt: str, llm_string: str) -> list[Generation] | None:
        """As `lookup`; never blocks the event loop."""
        entry = _entry(prompt, llm_string)
        return self._found(entry, await self._async.lookup(entry)) if entry else None

    def update(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Stores what the model answered after a `lookup` that found nothing."""
        if (entry := _entry(prompt, llm_string)) and (filled := self._filled(entry, list(return_val))):
            self._sync.store(entry, **filled)

    async def aupdate(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """As `update`; never blocks the event loop."""
        if (entry := _entry(prompt, llm_string)) and (filled := self._filled(entry, list(return_val))):
            await self._async.store(entry, **filled)

    def clear(self, **kwargs: Any) -> None:  # noqa: ARG002  # LangChain's signature
        """Forgets every answer of the namespace, whoever stored it."""
        self._sync.clear()

    async def aclear(self, **kwargs: Any) -> None:  # noqa: ARG002  # LangChain's signature
        """As `clear`; never blocks the event loop."""
        await self._async.clear()

    @property
    def _sync(self) -> SafeCache:
        return self._cache or SafeCache.shared()

    @property
    def _async(self) -> AsyncSafeCache:
        return self._async_cache or AsyncSafeCache.shared()

    def _found(self, entry: EntryId, found: Hit | Miss | None) -> list[Generation] | None:
        if isinstance(found, Miss):
            self._tokens.remember(entry.digest, found.fill_token)
        if not isinstance(found, Hit) or found.content_type != MEDIA_TYPE:
            return None
        return _load(found.payload)

    def _filled(self, entry: EntryId, generations: list[Generation]) -> dict[str, Any] | None:
        """The arguments of `store`; None: not stored. Without the token of a miss an answer may be too old."""
        token = self._tokens.take(entry.digest)
        if not token:
            return None
        verdict = _verdict(generations)
        origin = self._policy.origin_if_wanted(generations, verdict, verdict.model, None)
        payload = _dump(generations) if origin else None
        if payload is None:
            return None
        told = {"content_type": MEDIA_TYPE, "fill_token": token, "origin": origin}
        return {"payload": payload, "ttl": self._policy.ttl, "tags": self._policy.tags, **told}


def _entry(prompt: str, llm_string: str) -> EntryId | None:
    try:
        return CacheKey(provider="langchain", params={"prompt": prompt, "llm": llm_string}).entry_id()
    except KeyRefused as refused:
        warn_once(f"not cached: {refused}")
        return None


def _dump(generations: list[Generation]) -> bytes | None:
    """None: it would not be loaded again."""
    try:
        # One by one: only so does it write the parsed objects of structured answers.
        payload = f"[{','.join(dumps(generation) for generation in generations)}]".encode()
    except Exception as error:  # noqa: BLE001  # generations carry whatever an integration put into them
        warn_once(f"not stored: LangChain cannot write these generations ({type(error).__name__})")
        return None
    if _load(payload) is None:
        warn_once("not stored: LangChain could not read these generations again")
        return None
    return payload


def _load(payload: bytes) -> list[Generation] | None:
    try:
        with suppress_langchain_beta_warning():
            generations = loads(payload.decode(), allowed_objects=_ALLOWED, secrets_from_env=False)
    except Exception:  # noqa: BLE001  # it may have been written by anybody: a miss
        return None
    if not isinstance(generations, list) or not generations:
        return None
    return generations if all(isinstance(each, Generation) for each in generations) else None


def _verdict(generations: list[Generation]) -> Verdict:
    told = [_told(generation) for generation in generations]
    ends = [str(end) for info in told for name in _ENDS if (end := info.get(name)) is not None]
    ends += [str(info.get("status")) for info in told if info.get("object") == "response"]
    odd = next((end for end in ends if end not in WHOLE_ENDS), "" if generations else "no generations")
    model = next((name for info in told for key in ("model_name", "model") if (name := info.get(key))), "")
    return Verdict(True, not odd, odd, _usage(generations), str(model))


def _told(generation: Generation) -> dict[str, Any]:
    message = getattr(generation, "message", None)
    return {**getattr(message, "response_metadata", {}), **(generation.generation_info or {})}


def _usage(generations: list[Generation]) -> Usage:
    # Every generation of one call tells the usage of the whole call.
    message = getattr(generations[0], "message", None) if generations else None
    usage = getattr(message, "usage_metadata", None) or {}
    return Usage(usage.get("input_tokens", 0), usage.get("output_tokens", 0))

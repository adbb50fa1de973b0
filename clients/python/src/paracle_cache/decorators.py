"""`cached_llm_call`: remembers what a function that asks a language model answered."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast, overload

from ._decorated.call import Call
from ._decorated.judgement import CacheIf, Judgement
from ._decorated.plan import Plan, name_of
from ._decorated.stream_wrappers import wrap_async_generator, wrap_generator
from ._decorated.wrappers import wrap_async, wrap_sync
from ._log import Notices
from ._values.ttl import Ttl, seconds
from .failsafe import AsyncSafeCache, SafeCache
from .key import CacheKey
from .pricing import Cost, Price

P = ParamSpec("P")
R = TypeVar("R")


@overload
def cached_llm_call(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def cached_llm_call(
    ttl: Ttl | None = None,
    *,
    provider: str | None = None,
    key_params: Sequence[str] | None = None,
    cache_if: CacheIf | None = None,
    cost: Cost | Mapping[str, Price] | None = None,
    tags: Sequence[str] = (),
    cache: SafeCache | AsyncSafeCache | None = None,
    coalesce: bool = True,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def cached_llm_call(
    ttl: Any = None,
    *,
    provider: str | None = None,
    key_params: Sequence[str] | None = None,
    cache_if: CacheIf | None = None,
    cost: Cost | Mapping[str, Price] | None = None,
    tags: Sequence[str] = (),
    cache: SafeCache | AsyncSafeCache | None = None,
    coalesce: bool = True,
) -> Any:
    """Caches the answers of a function, method, coroutine function, generator or async generator.

        @cached_llm_call(ttl=1800)
        async def ask(provider: str, model: str, messages: list[dict], temperature: float = 0.7): ...

    The same question gives the stored answer; another one calls the function. Whatever is wrong with the
    cache, the function is called as if there were none. What it raises is passed on, and nothing is stored.
    An answer that is not JSON is returned and not stored, with one warning. Thread-safe.

    ttl: seconds or a timedelta, over 0. None: PARACLE_CACHE_TTL, else the service's.

    provider: who answers. A call's `provider` argument wins over it. Without both, a method takes its object's
    `provider` attribute if that is a str, else the name of the class; a function of a module goes by the names
    of both; any other needs one of the two. Of what else an object holds, only its `model` attribute is in the
    key, when the call has no model.

    key_params: names of arguments that enter the key beside provider, model, messages, temperature and
    max_tokens. None: all that are not neutral. Leave out only what does not shape the answer.

    cache_if: gets the answer, or the list of a stream's chunks; true: it is stored. None: it is if it is whole.

    cost: from (model, usage) to US dollars, or a mapping from model to Price. Called in the call's thread.

    tags: at most 16 labels to invalidate by.

    cache: used instead of the one that the process shares. Async functions need an AsyncSafeCache.

    coalesce: while somebody is asking the same, in whatever process, wait for that answer instead of asking as
    well, at most PARACLE_CACHE_LEASE_WAIT. If that call fails, one of those who wait makes it. False: never wait.
    A generator's stream is followed while it comes. Should it break off, the function is called, and what it yields
    goes on behind what was given; if it begins differently, StreamBroken is raised (see paracle_cache.errors).

    An option that cannot be right raises TypeError or ValueError at once.
    """
    bare = callable(ttl) or isinstance(ttl, classmethod | staticmethod)
    life = None if bare else seconds(ttl)
    options = _Options(life, provider, key_params, cache_if, cost, _checked(tags), cache, coalesce)
    return _decorate(ttl, options) if bare else functools.partial(_decorate, options=options)


def key_of(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> CacheKey:
    """The key of a decorated function's call, as in `get_llm_cache().invalidate(key_of(ask, ...))`.

    Raises TypeError if the function is not decorated, ValueError if such a call has no key.
    """
    call = getattr(function, "__paracle_call__", None)
    if not isinstance(call, Call):
        raise TypeError(f"{name_of(function)} is not decorated with cached_llm_call")
    receiver = getattr(function, "__self__", None)
    return call.key(args if receiver is None else (receiver, *args), kwargs)


@dataclass(frozen=True, slots=True)
class _Options:
    ttl: float | None
    provider: str | None
    key_params: Sequence[str] | None
    cache_if: CacheIf | None
    cost: Cost | Mapping[str, Price] | None
    tags: Sequence[str]
    cache: SafeCache | AsyncSafeCache | None
    coalesce: bool


def _decorate(function: Any, options: _Options) -> Any:
    if isinstance(function, classmethod | staticmethod):
        return type(function)(_decorate(function.__func__, options))
    if not callable(function) or isinstance(function, type):
        raise TypeError(f"cached_llm_call decorates functions and methods, not {function!r:.80}")
    wrap, streams, kind = _wrapping(function)
    if options.cache is not None and not isinstance(options.cache, kind):
        given = type(options.cache).__name__
        raise TypeError(f"cache is of type {given}: {kind.__name__} is accepted for {name_of(function)}")
    notices = Notices(name_of(function))
    call = Call(function, options.provider, options.key_params, streams)
    judgement = Judgement(options.cache_if, options.cost, notices)
    plan = Plan(call, judgement, notices, options.cache, options.ttl, options.tags, options.coalesce)
    wrapper = wrap(function, cast("Plan[Any]", plan))
    functools.update_wrapper(wrapper, function)
    wrapper.__paracle_call__ = call  # for key_of
    return wrapper


def _wrapping(function: Callable[..., Any]) -> tuple[Callable[..., Any], bool, type]:
    """How such a function is wrapped, whether it streams, and the cache that it needs."""
    direct = inspect.isroutine(function) or isinstance(function, functools.partial)
    body = function if direct else type(function).__call__
    if inspect.isasyncgenfunction(body):
        return wrap_async_generator, True, AsyncSafeCache
    if inspect.isgeneratorfunction(body):
        return wrap_generator, True, SafeCache
    if inspect.iscoroutinefunction(body):
        return wrap_async, False, AsyncSafeCache
    return wrap_sync, False, SafeCache


def _checked(tags: Sequence[str]) -> tuple[str, ...]:
    if isinstance(tags, str):
        raise TypeError(f"tags is {tags!r}: a sequence of labels is accepted, as ({tags!r},)")
    labels = tuple(tags)
    fitting = all(0 < len(label.encode()) <= 128 for label in labels)
    if len(labels) > 16 or len(set(labels)) < len(labels) or not fitting:
        raise ValueError(f"tags is {tags!r}: at most 16 are accepted, each of 1 to 128 bytes, no two alike")
    return labels

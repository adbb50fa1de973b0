"""Calls of a function as cache keys: section "Keys of the decorator" of docs/clients.md."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..key import NEUTRAL_MEMBERS, CacheKey
from .arguments import Arguments

_MEMBERS = frozenset({"provider", "model", "messages", "temperature", "max_tokens"})

NEUTRAL = NEUTRAL_MEMBERS | {
    "api_key",
    "base_url",
    "callbacks",
    "extra_headers",
    "http_client",
    "max_retries",
    "organization",
    "project",
    "timeout",
}
"""Arguments that do not enter the key unless `key_params` names them: they do not shape the answer."""

_JSON_TYPES = frozenset({str, int, float, bool, list, tuple, dict, type(None)})
_NOT_PARAMS = _MEMBERS | NEUTRAL


class NotKeyed(ValueError):  # says what happened, as all our outcomes do
    """A call that has no key. The text says why."""


class Call:
    """How the calls of one function become keys. Immutable, thread-safe.

    provider: who answers, unless the call has an argument of that name.
    key_params: what else enters the key; None: everything that is not neutral.
    streams: the function is a generator, whose recorded chunks nobody but another such can read.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        provider: str | None,
        key_params: Sequence[str] | None,
        streams: bool,
    ) -> None:
        inner, self._args, self._kwargs = _opened(function)
        self._holds_arguments = bool(self._args or self._kwargs)
        self._arguments = Arguments(inner)
        self._provider = provider
        self._key_params = None if key_params is None else _checked(key_params, self._arguments)
        self._streams = streams
        self._name = _lasting_name(inner)

    def key(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> CacheKey:
        """The key of one call. Raises NotKeyed; what the key refuses shows only in its digest."""
        if self._holds_arguments:
            args, kwargs = (*self._args, *args), {**self._kwargs, **kwargs}
        named = self._arguments.name(args, kwargs)
        if named is None:
            raise NotKeyed("its arguments do not fit its signature one to one")
        receiver = self._receiver(named) if self._arguments.receiver else None
        provider, model = named.get("provider"), named.get("model")
        return CacheKey(
            provider=self._provider or self._owner(receiver) if provider in (None, "") else provider,
            model=_attribute(receiver, "model") if model is None else model,
            messages=named.get("messages"),
            temperature=named.get("temperature"),
            max_tokens=named.get("max_tokens"),
            params=self._params(named),
        )

    def _receiver(self, named: dict[str, Any]) -> Any:
        """The object whose method this is, taken out of `named`. A plain function may call any argument so."""
        name = self._arguments.receiver or ""
        return None if type(named.get(name)) in _JSON_TYPES else named.pop(name)

    def _owner(self, receiver: Any) -> str:
        if receiver is not None:
            kind = receiver if isinstance(receiver, type) else type(receiver)
            return _attribute(receiver, "provider") or kind.__name__
        if self._name is None:
            raise NotKeyed("nothing tells the provider: say cached_llm_call(provider=...)")
        return self._name

    def _params(self, named: dict[str, Any]) -> dict[str, Any]:
        if self._key_params is None:
            params = {
                name: value for name, value in named.items() if value is not None and name not in _NOT_PARAMS
            }
        else:
            params = {name: value for name in self._key_params if (value := named.get(name)) is not None}
        if params.get("stream") is False:  # every provider's default
            del params["stream"]
        if self._streams:
            params.setdefault("stream", True)
        return params


def _opened(function: Callable[..., Any]) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """The function inside partials, bound methods and callable objects, and the arguments that these hold."""
    if isinstance(function, functools.partial):
        inner, args, kwargs = _opened(function.func)
        return inner, (*args, *function.args), {**kwargs, **function.keywords}
    if inspect.ismethod(function):
        return function.__func__, (function.__self__,), {}
    if inspect.isroutine(function):
        return function, (), {}
    return type(function).__call__, (function,), {}


def _checked(key_params: Sequence[str], arguments: Arguments) -> frozenset[str]:
    if isinstance(key_params, str):
        raise TypeError(
            f"key_params is {key_params!r}: names are accepted in a sequence, as ({key_params!r},)"
        )
    for name in key_params:
        if not arguments.accepts(name):
            raise ValueError(f"key_params names {name!r}, which the function does not take")
    return frozenset(key_params) - _MEMBERS


def _attribute(receiver: Any, name: str) -> str:
    """What the object says of itself; empty if it says nothing, or no text."""
    try:
        value = getattr(receiver, name, None)
    except Exception:  # noqa: BLE001  # a property of the caller's: its failure is not ours to report
        return ""
    return value if isinstance(value, str) else ""


def _lasting_name(function: Callable[..., Any]) -> str | None:
    """A name that no other function has, today and tomorrow; None if there is none.

    One that was made within another goes by what it closes over as well, and that is not in its name.
    """
    inner = inspect.unwrap(function)
    module, name = getattr(inner, "__module__", None), getattr(inner, "__qualname__", None)
    if not module or not name or "<" in name:
        return None
    if module != "__main__":
        return f"{module}.{name}"
    # Every script is called __main__, and what is typed has no name that lasts.
    path = Path(getattr(getattr(inner, "__code__", None), "co_filename", ""))
    return f"{path.resolve()}:{name}" if path.is_file() else None

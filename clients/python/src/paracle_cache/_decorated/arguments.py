"""Names the arguments of a call as Python binds them, much faster than `inspect.Signature.bind`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from typing import Any

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_KEYWORD = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
_VARIABLE = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


class Arguments:
    """The parameters of one function. Immutable, thread-safe.

    `receiver`: the name of the first parameter if it is `self` or `cls`. `takes_any`: whether there is
    `**kwargs`.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        """Raises TypeError if Python cannot tell the signature."""
        parameters = _parameters(function)
        self._positional = [it.name for it in parameters if it.kind in _POSITIONAL]
        self._keywords = {it.name for it in parameters if it.kind in _KEYWORD}
        self._rest = next((it.name for it in parameters if it.kind is Parameter.VAR_POSITIONAL), None)
        # In **kwargs, these name something else than the parameter that is called so.
        twins = (Parameter.POSITIONAL_ONLY, Parameter.VAR_POSITIONAL)
        self._twins = {it.name for it in parameters if it.kind in twins}
        self._defaults = {it.name: it.default for it in parameters if it.default is not Parameter.empty}
        single = {it.name for it in parameters if it.kind not in _VARIABLE}
        self._required = single - self._defaults.keys()
        self.takes_any = any(it.kind is Parameter.VAR_KEYWORD for it in parameters)
        self.receiver = next((name for name in self._positional[:1] if name in ("self", "cls")), None)

    def accepts(self, name: str) -> bool:
        """Whether a call may give an argument of this name."""
        return self.takes_any or name in self._keywords or name in self._positional or name == self._rest

    def name(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any] | None:
        """Values by name, defaults filled in; what `*args` takes is a list under its name.

        None: the function refuses such a call, or a name stands for two things.
        """
        named = dict(zip(self._positional, args, strict=False))
        for name, value in kwargs.items():
            if name in named or name in self._twins or not (self.takes_any or name in self._keywords):
                return None
            named[name] = value
        if len(args) > len(self._positional):
            if self._rest is None:
                return None
            named[self._rest] = list(args[len(self._positional) :])
        if not self._required <= named.keys():
            return None
        return self._defaults | named


def _parameters(function: Callable[..., Any]) -> list[Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except ValueError as error:
        raise TypeError(f"cached_llm_call: {error}: wrap it in a function of your own") from None

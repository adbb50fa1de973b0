"""Answers as JSON text, and back. Pure; the only place where stored JSON is parsed or written.

A hit must be the same answer. So only values that JSON gives back as they were are written: exactly dict
with str names, list, str, int, float, bool and None. A tuple would come back as a list, the name 1 as "1",
an enum as its value; they are refused, as are NaN, lone surrogates and whatever else JSON has no text for.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

JSON = "application/json"
CHUNKS = "application/vnd.paracle.chunks+json"

_SCALARS = frozenset({str, int, float, bool, type(None)})


class NotJson(ValueError):  # says what happened, as all our outcomes do
    """A value that JSON would not give back as it is. The text says which part of it."""


class Unreadable(ValueError):
    """Stored bytes that are not JSON text."""


def encode(value: Any) -> bytes:
    """The value as compact JSON text, UTF-8. Raises NotJson."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        _refuse_what_changes(value)
    except NotJson:
        raise
    except Exception as error:  # noqa: BLE001  # whatever the value's own methods, or another thread, do to it
        raise NotJson(f"{type(error).__name__}: {error}") from None
    return text


def decode(payload: bytes) -> Any:
    """The value, made of fresh objects. Raises Unreadable."""
    try:
        return _DECODER.decode(payload.decode())
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from None


def decode_chunks(payload: bytes) -> list[Any]:
    """The chunks of a recorded stream, made of fresh objects. Raises Unreadable."""
    chunks = decode(payload)
    if type(chunks) is not list:
        raise Unreadable("not a list of chunks")
    return chunks


def _refuse_what_changes(value: Any) -> None:
    # json.dumps went before: there are no cycles.
    rest = [value]
    while rest:
        part = rest.pop()
        kind = type(part)
        if kind in _SCALARS:
            continue
        if kind is list:
            rest.extend(part)
        elif kind is dict:
            for name in part:
                if type(name) is not str:
                    raise NotJson(f"a member is named by {type(name).__name__}, which comes back as str")
            rest.extend(part.values())
        else:
            raise NotJson(f"{kind.__name__} comes back as another type")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)

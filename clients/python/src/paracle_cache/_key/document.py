"""The members of a key document: which there are, what each may be, how each is written.

Section 2 of key_derivation.md.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from .canonical_json import MAX_SAFE_INTEGER, Refused, canonical, number

_DEEPER = 2  # The document's own braces are level 1.


def write_document(members: Mapping[str, Any]) -> str:
    """The canonical key document of `members`, of which None and empty ones are absent. Raises Refused."""
    parts = []
    for name, write in _WRITERS.items():
        value = members.get(name)
        if value is None:
            continue
        try:
            text = write(value)
        except Refused as refused:
            refused.path.append(name)
            raise
        if text:
            parts.append(f'"{name}":{text}')
    return "{" + ",".join(parts) + "}"


def check_names(document: Mapping[str, Any]) -> None:
    """Refuses members that a key document does not have."""
    for name in document:
        if name not in _WRITERS:
            raise Refused("unknown member", name)


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and value is not True and value is not False


def is_integer(value: object) -> bool:
    """By value: 100.0 is."""
    return is_number(value) and abs(value) <= MAX_SAFE_INTEGER and value == int(value)  # type: ignore[arg-type,call-overload]


def is_array_of_objects(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, Mapping) for item in value)


def write_provider(value: object) -> str:
    text = _write_text(value, 256)
    if not text:
        raise Refused("required: a string of 1 to 256 bytes")
    return text


def write_endpoint(value: object) -> str:
    return _write_text(value, 2048)


def write_model(value: object) -> str:
    return _write_text(value, 256)


def write_messages(value: object) -> str:
    if not isinstance(value, (list, tuple)):
        raise Refused("must be an array of objects")
    for index, message in enumerate(value):
        if type(message) is not dict and not isinstance(message, Mapping):
            raise Refused("must be an object", index)
    return canonical(value, _DEEPER) if value else ""


def write_object(value: object) -> str:
    if type(value) is not dict and not isinstance(value, Mapping):
        raise Refused("must be an object")
    return canonical(value, _DEEPER) if value else ""


def write_temperature(value: object) -> str:
    if not is_number(value) or not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:  # type: ignore[operator]
        raise Refused("must be a number within ±(2^53-1)")
    return _rounded(value)


@functools.lru_cache(maxsize=64)
def _rounded(value: float) -> str:
    return number(float("%.2f" % value))  # noqa: UP031  # the rule is printf's


def write_max_tokens(value: object) -> str:
    if not is_integer(value):
        raise Refused("must be an integer within ±(2^53-1)")
    return canonical(value)


def _write_variant(value: object) -> str:
    if not is_integer(value) or not 0 <= value < 2**32:  # type: ignore[operator]
        raise Refused("must be an integer from 0 to 4294967295")
    return canonical(value) if value else ""


def _write_version(value: object) -> str:
    if not is_number(value) or value != 1:
        raise Refused("must be 1, the version of the rules")
    return "1"


def _write_text(value: object, most: int) -> str:
    if not isinstance(value, str):
        raise Refused("must be a string")
    if not value:
        return ""
    text = canonical(value)
    if len(value) > most or (not value.isascii() and len(value.encode()) > most):
        raise Refused(f"must be at most {most} bytes")
    return text


# In canonical order.
_WRITERS: dict[str, Callable[[object], str]] = {
    "endpoint": write_endpoint,
    "headers": write_object,
    "max_tokens": write_max_tokens,
    "messages": write_messages,
    "model": write_model,
    "params": write_object,
    "provider": write_provider,
    "temperature": write_temperature,
    "v": _write_version,
    "variant": _write_variant,
}

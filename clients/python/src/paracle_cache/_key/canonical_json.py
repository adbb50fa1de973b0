"""RFC 8785 canonical JSON, of Python values and of JSON text, with the refusals of key_derivation.md.

What counts as JSON is what `json.dumps` sends: None, bool, str, int, float, dict, list, tuple, and subclasses of these
by the value they hold, so an enum only if it is a str or an int as well. Further mappings with string names are
objects. All else is refused, names that are not strings too: `json.dumps` would turn 1 into "1".
"""

import json
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from typing import Any

MAX_DEPTH = 100
MAX_SAFE_INTEGER = 2**53 - 1
MAX_BINARY64 = 1.7976931348623157e308

# The C implementation where there is one. It escapes exactly what RFC 8785 escapes.
quote = encode_basestring


class Refused(ValueError):
    """No canonical form. `path` holds the names and indexes that lead to the place, innermost first."""

    def __init__(self, reason: str, *path: str | int):
        super().__init__(reason)
        self.reason = reason
        self.path: list[str | int] = list(path)

    def pointer(self) -> str:
        """The place as a JSON Pointer (RFC 6901)."""
        steps = (str(step).replace("~", "~0").replace("/", "~1") for step in reversed(self.path))
        return "".join(f"/{step}" for step in steps)


class Twins(dict[str, object]):
    """An object in whose text `name` stood twice. Kept until the walk reaches it, which knows the place."""

    __slots__ = ("name",)

    def __init__(self, pairs: list[tuple[str, object]]):
        super().__init__(pairs)
        names = [name for name, _ in pairs]
        self.name = next(name for index, name in enumerate(names) if name in names[:index])


def parse(text: bytes | str) -> object:
    """The value of a JSON text. Numbers are binary64. Members that stand twice are found when the value is written."""
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        if not decoded.isascii():
            refuse_lone_surrogates(decoded)
        return _decode(decoded)
    except RecursionError:
        raise Refused(f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise Refused(f"not JSON: {error}") from None


def canonical(value: object, level: int = 1, largest: float = MAX_SAFE_INTEGER) -> str:
    """The canonical text of `value`, which stands at nesting level `level`; numbers beyond ±`largest` are refused."""
    write = _WRITERS.get(type(value), _unusual)
    return write(value, level, largest)


def in_order(names: Mapping[str, object]) -> list[str]:
    """Member names as RFC 8785 orders them: by UTF-16 code units, which is not Python's order above U+FFFF."""
    try:
        return sorted(names) if "".join(names).isascii() else sorted(names, key=_utf16)
    except TypeError:
        raise Refused("the name of a member is not a string") from None


def number(value: float, largest: float = MAX_SAFE_INTEGER) -> str:
    """A number as ECMAScript's Number::toString writes it."""
    if not -largest <= value <= largest:
        raise Refused(f"{value} is not a number within ±{largest}")
    shortest = float.__repr__(value)
    if "e" in shortest:
        return _ecmascript(shortest)
    if shortest.endswith(".0"):
        return shortest[:-2] if value else "0"
    return shortest


def refuse_lone_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refused("a surrogate without its partner") from None


def _object(members: dict[str, Any], level: int, largest: float) -> str:
    if level > MAX_DEPTH:
        raise Refused(f"nested deeper than {MAX_DEPTH} levels")
    parts = []
    for name in in_order(members):
        quoted = quote(name) if name.isascii() else _string(name)
        value = members[name]
        kind = type(value)
        if kind is str and value.isascii():  # Most values by far: spares a call.
            parts.append(f"{quoted}:{quote(value)}")
            continue
        try:
            parts.append(f"{quoted}:{_WRITERS.get(kind, _unusual)(value, level + 1, largest)}")
        except Refused as refused:
            refused.path.append(name)
            raise
    return "{" + ",".join(parts) + "}"


def _array(items: list[object] | tuple[object, ...], level: int, largest: float) -> str:
    if level > MAX_DEPTH:
        raise Refused(f"nested deeper than {MAX_DEPTH} levels")
    parts: list[str] = []
    try:
        for value in items:
            parts.append(_WRITERS.get(type(value), _unusual)(value, level + 1, largest))
    except Refused as refused:
        refused.path.append(len(parts))
        raise
    return "[" + ",".join(parts) + "]"


def _string(text: str, _level: int = 0, _largest: float = 0) -> str:
    if not text.isascii():
        refuse_lone_surrogates(text)
    return quote(text)


def _unusual(value: object, level: int, largest: float) -> str:
    if isinstance(value, int):
        return _integer(int(value), level, largest)
    if isinstance(value, str):
        return _string(str.__str__(value))
    if isinstance(value, float):
        return _float(float(value), level, largest)
    if isinstance(value, Twins):
        raise Refused("this member stands twice", value.name)
    if isinstance(value, Mapping):
        return _object(dict(value), level, largest)
    if isinstance(value, (list, tuple)):
        return _array(value, level, largest)
    raise Refused(f"{type(value).__name__} is not JSON")


def _float(value: float, _level: int, largest: float) -> str:
    return number(value, largest)


def _integer(value: int, _level: int, largest: float) -> str:
    if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return int.__repr__(value)
    try:
        return number(float(value), largest)
    except OverflowError:
        raise Refused("number beyond binary64") from None


def _ecmascript(shortest: str) -> str:
    """What ECMAScript makes of a Python repr with an exponent: the same digits, other rules for when and how."""
    mantissa, exponent_text = shortest.split("e")
    exponent = int(exponent_text)
    sign = "-" if mantissa.startswith("-") else ""
    digits = mantissa.lstrip("-").replace(".", "")
    if 16 <= exponent < 21:
        return sign + digits + "0" * (exponent + 1 - len(digits))
    if -7 < exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    return f"{mantissa}e{exponent:+d}"


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else Twins(pairs)


_WRITERS: dict[type, Callable[[Any, int, float], str]] = {
    str: _string,
    dict: _object,
    list: _array,
    tuple: _array,
    int: _integer,
    float: _float,
    bool: lambda value, _level, _largest: "true" if value else "false",
    type(None): lambda _value, _level, _largest: "null",
}


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


_decode = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=float, parse_float=float, parse_constant=_no_constant
).decode

"""Event streams (WHATWG HTML, section 9.2): cut into events, and read."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

_LINE_ENDS = re.compile(rb"[\r\n]+")
_ONE_LINE_END = (b"\n", b"\r\n", b"\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event that has data."""

    name: bytes
    """The last `event:` field; empty without one."""
    data: bytes
    """The `data:` fields, joined by line feeds."""


def split(body: bytes) -> list[bytes]:
    """The body cut behind every blank line. Joined, the pieces are the body."""
    ends = [run.end() for run in _LINE_ENDS.finditer(body) if run[0] not in _ONE_LINE_END]
    pieces = [body[start:end] for start, end in itertools.pairwise([0, *ends, len(body)])]
    return [piece for piece in pieces if piece]


def parse(body: bytes) -> tuple[list[Event], bool]:
    """The events of a body, and whether the body stops at an event's end.

    An event that no blank line ends is not an event: the standard has it dropped.
    """
    text = body.removeprefix(_BYTE_ORDER_MARK).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    *lines, rest = text.split(b"\n")
    events: list[Event] = []
    name, data, open_fields = b"", [], False
    for line in lines:
        if line:
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            open_fields = open_fields or field != b""  # an empty field is a comment
            if field == b"data":
                data.append(value)
            elif field == b"event":
                name = value
            continue
        if data:
            events.append(Event(name, b"\n".join(data)))
        name, data, open_fields = b"", [], False
    return events, not rest and not open_fields

"""How a response is stored: as an HTTP/1.1 message, so that transports of every language read each other's.

    HTTP/1.1 200 OK\\r\\n
    content-length: 17\\r\\n
    content-type: application/json\\r\\n
    \\r\\n
    <17 bytes: the body without content or transfer encoding>

Names are lower case and sorted; `content-length` is always there, but with an event stream that was recorded while it
came: its length was not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MEDIA_TYPE = "application/http; msgtype=response"

_SHARED = frozenset({"content-type", "openai-model", "openai-version", "request-id", "x-request-id"})
"""All that is kept: cookies, organisations, limits and dates are one caller's own."""

MAX_HEAD = 16 * 1024
_STATUS_LINE = re.compile(rb"HTTP/1\.1 200(?: [ -~]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[!-~](?:[ -~\t]*[!-~])?)?)[ \t]*")
_FRAMING = frozenset({"transfer-encoding", "content-encoding"})
_LENGTH = re.compile(r"[0-9]{1,15}")

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response with status 200. `headers` are those that may be shared, `content-length` apart."""

    headers: Headers
    body: bytes


def dump(headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """The stored form of a response with status 200. Headers that may not be shared are left out."""
    return _head(headers, [("content-length", str(len(body)))]) + body


def stream_head(headers: Iterable[tuple[str, str]]) -> bytes:
    """What stands before the body of an event stream whose length is not known yet."""
    return _head(headers, [])


def _head(headers: Iterable[tuple[str, str]], kept: Headers) -> bytes:
    kept += [(name.lower(), value) for name, value in headers if name.lower() in _SHARED and _is_plain(value)]
    kept.sort(key=lambda header: header[0])
    lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in kept), "", ""]
    return "\r\n".join(lines).encode("ascii")


def parse(payload: bytes) -> StoredResponse | None:
    """The response that was stored; None for everything that is not exactly one in the form above."""
    found = parse_head(payload)
    if found is None:
        return None
    headers, length = found
    body = payload[length:]
    lengths = [value for name, value in headers if name == "content-length"]
    if lengths:
        if len(lengths) != 1 or not _LENGTH.fullmatch(lengths[0]) or int(lengths[0]) != len(body):
            return None
    elif not is_event_stream(content_type_of(headers)):
        return None
    return StoredResponse(shared(headers), body)


def parse_head(payload: bytes) -> tuple[Headers, int] | None:
    """The headers before the body, and the bytes that they take; None: it is no head, or not all of one."""
    end = payload.find(b"\r\n\r\n", 0, MAX_HEAD)
    if end < 0:
        return None
    status, *lines = payload[:end].split(b"\r\n")
    fields = [_HEADER.fullmatch(line) for line in lines]
    if not _STATUS_LINE.fullmatch(status) or None in fields:
        return None
    headers = [(field[1].decode("ascii").lower(), field[2].decode("ascii")) for field in fields if field]
    if any(name in _FRAMING for name, _ in headers):
        return None
    return headers, end + 4


def shared(headers: Headers) -> Headers:
    """Those that may be shared."""
    return [header for header in headers if header[0] in _SHARED]


def content_type_of(headers: Headers) -> str:
    return next((value for name, value in headers if name == "content-type"), "")


def is_event_stream(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "text/event-stream"


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable()

"""Much in one piece: headers of 1 MiB, messages of 100 MiB, protobufs nested as deep as they go, and plain garbage."""

import os
import time
from collections.abc import Callable

from support.raw_http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GET,
    HEADERS,
    PREFACE,
    SET,
    RawHttp2,
    Refused,
    call_headers,
    frame,
    header,
    message,
    message_prefix,
)

from ..support.verdict import Verdict
from ..support.worker import Link
from .scene import judge_beside, running_scene


def run(verdict: Verdict, short: bool) -> None:
    seconds = 2.0 if short else 20.0
    with running_scene() as scene:
        for title, attempt, growth, fewest in _ATTEMPTS:
            verdict.row(f"{title}, {seconds:g} s")
            attempts = judge_beside(verdict, scene, seconds, repeat, attempt.__name__, growth=growth)
            verdict.at_least("attempts", attempts, fewest)


def repeat(link: Link, address: str, seconds: float, attempt: str) -> None:
    """Says how often it was tried."""
    act: Callable[[RawHttp2], None] = globals()[attempt]
    until, attempts = time.monotonic() + seconds, 0
    link.send("begun")
    while time.monotonic() < until:
        attempts += 1
        with RawHttp2(address, patience=1) as connection:
            try:
                act(connection)
            except Refused:
                pass
    link.send(attempts)


def large_headers(connection: RawHttp2) -> None:
    """One value of 1 MiB: in HPACK a text of a length that was announced."""
    connection.greet()
    block = call_headers(GET) + header("x-large", b"v" * (1 << 20))
    pieces = [block[at : at + 16_384] for at in range(0, len(block), 16_384)]
    stream = connection.new_stream()
    connection.send(frame(HEADERS, END_STREAM, stream, pieces[0]))
    for piece in pieces[1:-1]:
        connection.send(frame(CONTINUATION, 0, stream, piece))
    connection.send(frame(CONTINUATION, END_HEADERS, stream, pieces[-1]))
    connection.await_frame(HEADERS)


def large_message(connection: RawHttp2) -> None:
    """100 MiB, whatever the windows say: as many as are taken."""
    connection.greet()
    stream = connection.new_stream()
    connection.send(frame(HEADERS, END_HEADERS, stream, call_headers(SET)))
    connection.send(frame(DATA, 0, stream, message_prefix(100 << 20)))
    piece = frame(DATA, 0, stream, bytes(16_384))
    for _ in range((100 << 20) // 16_384):
        connection.send(piece)


def deep_message(connection: RawHttp2) -> None:
    """Groups within groups, and messages within messages, of fields that nobody knows and of those that are there."""
    connection.greet()
    for request in (b"\x53" * 1_000_000, _nested(bytes([0x0A]), 10_000), b"\x53" * 99 + b"\x54" * 99):
        for path in (GET, SET, GET.replace("Get", "BatchGet"), GET.replace("Get", "Invalidate")):
            stream = connection.new_stream()
            framed = message(request)
            connection.send(frame(HEADERS, END_HEADERS, stream, call_headers(path)))
            for at in range(0, len(framed), 16_384):
                last = END_STREAM if at + 16_384 >= len(framed) else 0
                connection.send(frame(DATA, last, stream, framed[at : at + 16_384]))
    connection.await_frame(HEADERS)


def _nested(tag: bytes, depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        size, length = len(inner), bytearray()
        while size >= 128:
            length.append(size % 128 | 128)
            size //= 128
        inner = tag + bytes([*length, size]) + inner
    return inner


def garbage(connection: RawHttp2) -> None:
    """What is no HTTP/2, from the first byte on or after a good beginning."""
    connection.send(os.urandom(1) + os.urandom(4096) if os.urandom(1)[0] % 2 else PREFACE + os.urandom(4096))
    connection.hung_up()


_ATTEMPTS = [
    ("headers of 1 MiB", large_headers, 64, 10),
    ("messages of 100 MiB", large_message, 64, 1),
    ("deeply nested messages", deep_message, 64, 1),
    ("garbage", garbage, 32, 20),
]

"""Floods of frames that cost the sender little: PING, PRIORITY, RST_STREAM, SETTINGS, and headers that never end."""

import time
from collections.abc import Callable

from paracle_cache._proto import cache_pb2
from support.raw_http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GET,
    HEADERS,
    PING,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    RawHttp2,
    Refused,
    call_headers,
    frame,
    header,
    message,
)

from ..support.verdict import Verdict
from ..support.worker import Link
from .scene import judge_beside, running_scene

_ATONCE = 200  # Frames in one write.
# MiB: what the server is let have in all, and what comes in until it has noticed and worked it off, on a busy machine.
# Without its guard it is some 700 MiB for each second.
_MOST_GROWTH = 64 + 64 + 256 + 1152


def run(verdict: Verdict, short: bool) -> None:
    seconds = 2.0 if short else 20.0
    with running_scene("--max-bytes", "64MiB") as scene:
        for title, batch, fewest in _FLOODS:
            verdict.row(f"flood of {title}, {seconds:g} s")
            sent, connections = judge_beside(verdict, scene, seconds, flood, batch.__name__, growth=_MOST_GROWTH)
            verdict.at_least("frames that it sent", sent, fewest)
            verdict.tell("connections that it needed", connections)


def flood(link: Link, address: str, seconds: float, batch: str) -> None:
    """Says how many frames were sent, on how many connections: the server may hang up."""
    make: Callable[[RawHttp2], bytes] = globals()[batch]
    until, sent, connections = time.monotonic() + seconds, 0, 0
    link.send("begun")
    while time.monotonic() < until:
        connections += 1
        with RawHttp2(address, patience=1) as connection:
            connection.greet()
            connection.socket.setblocking(True)
            sent += _until_refused(connection, make, until)
    link.send((sent, connections))


def _until_refused(connection: RawHttp2, make: Callable[[RawHttp2], bytes], until: float) -> int:
    sent = 0
    connection.socket.settimeout(1)
    try:
        while time.monotonic() < until:
            connection.send(make(connection))
            sent += _ATONCE
            # So that it is the server that gets tired.
            connection.drain()
    except Refused:
        pass
    return sent


def pings(_: RawHttp2) -> bytes:
    return frame(PING, 0, 0, b"8 bytes.") * _ATONCE


def settings(_: RawHttp2) -> bytes:
    return frame(SETTINGS, 0, 0, b"\0\x04\0\x01\0\0") * _ATONCE


def priorities(_: RawHttp2) -> bytes:
    return frame(PRIORITY, 0, 1, b"\0\0\0\0\0") * _ATONCE


_CALL_HEADERS = call_headers(GET)
_GET = message(cache_pb2.GetRequest(entry=cache_pb2.EntryRef(digest=b"r" * 32)).SerializeToString())


def resets(connection: RawHttp2) -> bytes:
    """Whole calls, each taken back at once."""
    out = bytearray()
    for _ in range(_ATONCE // 2):
        stream = connection.new_stream()
        out += frame(HEADERS, END_HEADERS, stream, _CALL_HEADERS) + frame(DATA, END_STREAM, stream, _GET)
        out += frame(RST_STREAM, 0, stream, b"\0\0\0\x08")
    return bytes(out)


def openings(connection: RawHttp2) -> bytes:
    """Calls that are begun and not gone on with, more than a connection may have."""
    return b"".join(frame(HEADERS, END_HEADERS, connection.new_stream(), _CALL_HEADERS) for _ in range(_ATONCE))


_MORE_HEADERS = header("x-more", b"v" * 1000)


def continuations(connection: RawHttp2) -> bytes:
    """One stream's headers, which go on for as long as the connection does."""
    if connection.begun_headers:
        return frame(CONTINUATION, 0, 1, _MORE_HEADERS) * _ATONCE
    connection.begun_headers = True
    stream = connection.new_stream()
    return frame(HEADERS, 0, stream, _CALL_HEADERS) + frame(CONTINUATION, 0, stream, _MORE_HEADERS) * (_ATONCE - 1)


_FLOODS = [("PING", pings, 1000), ("SETTINGS", settings, 10_000), ("PRIORITY", priorities, 10_000),
           ("calls and their RST_STREAM", resets, 10_000), ("calls that are only begun", openings, 10_000),
           ("CONTINUATION", continuations, 1000)]

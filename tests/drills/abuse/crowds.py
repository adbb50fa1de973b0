"""Many that do nothing: idle connections, connections that never finish their greeting, readers that never read."""

import resource
import time

import grpc
from paracle_cache._proto import cache_pb2, cache_pb2_grpc
from support.raw_http2 import GET, PREFACE, SETTINGS, RawHttp2, Refused

from ..support.verdict import Verdict
from ..support.worker import Link
from .scene import Scene, judge_beside, running_scene

_IDLE, _HALF_OPEN = 5000, 2000
_STREAMS, _CONNECTIONS = 1000, 10
_LARGE = cache_pb2.EntryRef(namespace="slow", digest=b"l" * 32)


def run(verdict: Verdict, short: bool) -> None:
    seconds = 3.0 if short else 30.0
    with running_scene() as scene:
        _run_connections(verdict, scene, seconds)
    with running_scene("--namespace-limits", "slow:in_flight=512") as scene:
        _run_slow_readers(verdict, scene, seconds)


def _run_connections(verdict: Verdict, scene: Scene, seconds: float) -> None:
    verdict.row(f"{_IDLE} idle connections, {seconds:g} s")
    had = judge_beside(verdict, scene, seconds, sit, _IDLE, True, growth=256)
    verdict.at_least("connections that it had", had, _IDLE)
    verdict.row(f"{_HALF_OPEN} connections that send a byte of their greeting at a time, {seconds:g} s")
    had = judge_beside(verdict, scene, seconds, sit, _HALF_OPEN, False, growth=128)
    verdict.at_least("connections that it had", had, _HALF_OPEN)


def _run_slow_readers(verdict: Verdict, scene: Scene, seconds: float) -> None:
    verdict.row(f"{_STREAMS} hits of 3 MiB that nobody reads, over {_CONNECTIONS} connections, {seconds:g} s")
    streams = judge_beside(verdict, scene, seconds, ask_and_not_read, growth=192)
    verdict.at_least("calls that it made", streams, _STREAMS)


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, count), hard), hard))


def sit(link: Link, address: str, seconds: float, count: int, greets: bool) -> None:
    """Says how many connections there were."""
    _allow_files(count + 100)
    connections = [RawHttp2(address) for _ in range(count)]
    if greets:
        for connection in connections:
            connection.greet()
        # Its SETTINGS show that the server has the connection.
        had = sum(connection.await_frame(SETTINGS) is not None for connection in connections)
    else:
        had = len(connections)
    link.send("begun")
    until = time.monotonic() + seconds
    if not greets:
        _dribble(connections, until)
    time.sleep(max(0.0, until - time.monotonic()))
    link.send(had)
    for connection in connections:
        connection.close()


def _dribble(connections: list[RawHttp2], until: float) -> None:
    for byte in PREFACE[:-1]:
        for connection in connections:
            try:
                connection.send(bytes([byte]))
            except Refused:
                pass
        if time.monotonic() >= until:
            return


def ask_and_not_read(link: Link, address: str, seconds: float) -> None:
    """Says how many calls were made."""
    _store_large(address)
    request = cache_pb2.GetRequest(entry=_LARGE).SerializeToString()
    connections = [RawHttp2(address, receive_buffer=4096) for _ in range(_CONNECTIONS)]
    calls = 0
    for connection in connections:
        # All streams may have all of it: only the connection's own window and its socket hold the server back.
        connection.greet(b"\0\x04\x7f\xff\xff\xff")
        for _ in range(_STREAMS // _CONNECTIONS):
            connection.call(GET, request)
            calls += 1
    link.send("begun")
    time.sleep(seconds)
    link.send(calls)
    for connection in connections:
        connection.close()


def _store_large(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        stub = cache_pb2_grpc.CacheServiceStub(channel)
        stub.Set(cache_pb2.SetRequest(entry=_LARGE, payload=bytes(3 << 20)), timeout=30, wait_for_ready=True)

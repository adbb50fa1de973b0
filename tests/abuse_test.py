"""What a single peer can do to a server: the process lives, what it took is given back, others are served."""

import contextlib
import os
import resource
import socket
import time

import grpc
import pytest
from paracle_cache._proto import cache_pb2, cache_pb2_grpc

from drills.abuse import floods
from drills.support.stage import await_that, resident_bytes
from drills.support.worker import Worker
from support.metrics_page import scrape
from support.raw_http2 import (
    CONTINUATION,
    END_HEADERS,
    END_STREAM,
    GET,
    HEADERS,
    SETTINGS,
    RawHttp2,
    Refused,
    call_headers,
    frame,
    header,
)
from support.server_process import ServerProcess, running_server

_MIB = 1 << 20


def serves(address: str) -> bool:
    entry = cache_pb2.EntryRef(digest=b"h" * 32)
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        stub = cache_pb2_grpc.CacheServiceStub(channel)
        stub.Set(cache_pb2.SetRequest(entry=entry, payload=b"honest"), timeout=30, wait_for_ready=True)
        return stub.Get(cache_pb2.GetRequest(entry=entry), timeout=30).hit.payload == b"honest"


# CVE-2023-1428: one of these, and then more than the limit of metadata.
@pytest.mark.parametrize("te", ["trailers", "x"])
@pytest.mark.parametrize("scheme", ["http", "gopher"])
@pytest.mark.parametrize("extra", [b"", header("grpclb_client_stats", b"x")])
def test_headers_that_have_made_grpc_abort_do_not(server, te, scheme, extra):
    block = call_headers(GET, te).replace(header(":scheme", b"http"), header(":scheme", scheme.encode()))
    block += extra + b"".join(header(f"x-{i}", b"v" * 4000) for i in range(6))
    with RawHttp2(server.address) as peer:
        peer.greet()
        stream = peer.new_stream()
        peer.send(frame(HEADERS, END_STREAM, stream, block[:16_000]))
        peer.send(frame(CONTINUATION, END_HEADERS, stream, block[16_000:]))
        assert peer.await_frame(HEADERS) is not None, "it is answered"
    assert serves(server.address)


def begin_calls(peer: RawHttp2) -> None:
    for _ in range(500):
        peer.send(b"".join(frame(HEADERS, END_HEADERS, peer.new_stream(), call_headers(GET)) for _ in range(200)))


def send_headers_without_end(peer: RawHttp2) -> None:
    peer.send(frame(HEADERS, 0, peer.new_stream(), call_headers(GET)))
    for _ in range(4000):
        peer.send(frame(CONTINUATION, 0, 1, header("x-more", b"v" * 1000)) * 200)


def closings(server: ServerProcess, why: str = "CONNECTION_BYTES") -> int:
    return sum("connection closed" in line and why in line for line in server.log)


@pytest.mark.parametrize("flood", [begin_calls, send_headers_without_end])
def test_a_connection_that_takes_too_much_memory_is_closed_and_the_memory_given_back(flood):
    with running_server("--max-bytes", "8MiB", "--recording-bytes", "8MiB", "--connection-bytes", "64MiB") as server:
        assert serves(server.address)
        with RawHttp2(server.address, patience=5) as peer:
            peer.greet()
            with pytest.raises(Refused):
                flood(peer)
        await_that("the memory is given back", lambda: resident_bytes(server.process.pid) < 100 * _MIB, patience=60)
        await_that("it is logged", lambda: closings(server) == 1)
        assert serves(server.address)


def test_an_honest_connection_outlives_the_one_that_is_closed():
    with running_server("--max-bytes", "8MiB", "--recording-bytes", "8MiB", "--connection-bytes", "64MiB") as server, \
            grpc.insecure_channel(server.address) as channel, RawHttp2(server.address, patience=5) as peer:
        stub = cache_pb2_grpc.CacheServiceStub(channel)
        get = cache_pb2.GetRequest(entry=cache_pb2.EntryRef(digest=b"h" * 32))
        stub.Get(get, timeout=30, wait_for_ready=True)
        peer.greet()
        with pytest.raises(Refused):
            send_headers_without_end(peer)
        assert stub.Get(get, timeout=30).HasField("miss")
        await_that("one is closed", lambda: closings(server) == 1)


def test_a_connection_that_keeps_a_thread_from_all_others_is_closed(server):
    """1.51 reads from one for as long as there is something to read, and lets whoever shares the thread wait."""
    before = closings(server, "kept a thread")
    with contextlib.ExitStack() as stack:
        for flood in ("settings", "resets"):
            stack.enter_context(Worker(floods.flood, server.address, 60.0, flood))
        await_that("one is closed", lambda: closings(server, "kept a thread") > before, patience=60)
    assert serves(server.address)


@pytest.mark.parametrize("flood", ["settings", "priorities", "resets"])
def test_lookups_are_answered_while_a_connection_keeps_a_thread_busy(server, flood):
    """Whether it is closed or comes round in time: on none of the threads may they wait."""
    seconds = 4.0
    get = cache_pb2.GetRequest(entry=cache_pb2.EntryRef(digest=b"h" * 32))
    with contextlib.ExitStack() as stack:
        channels = [grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1)]) for _ in range(4)]
        stubs = [cache_pb2_grpc.CacheServiceStub(stack.enter_context(channel)) for channel in channels]
        for stub in stubs:
            stub.Get(get, timeout=30, wait_for_ready=True)
        flooder = stack.enter_context(Worker(floods.flood, server.address, seconds, flood))
        flooder.receive()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for stub in stubs:
                stub.Get(get, timeout=2)
        flooder.receive()


def test_probes_of_health_are_answered_while_several_connections_keep_threads_busy(server):
    """Those of Follow, leases, invalidations and health are two."""
    seconds = 5.0
    with grpc.insecure_channel(server.address) as channel, contextlib.ExitStack() as stack:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        check(b"", timeout=30, wait_for_ready=True)
        flooders = [stack.enter_context(Worker(floods.flood, server.address, seconds, "settings")) for _ in range(2)]
        for flooder in flooders:
            flooder.receive()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            check(b"", timeout=2)
        for flooder in flooders:
            flooder.receive()


_WAVE, _WAVES, _MOST = 50, 12, 250
_OTHER_FILES = 30  # Of the server, and more than it has.


def open_files(server: ServerProcess) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def idle_connections(server: ServerProcess, stack: contextlib.ExitStack) -> None:
    """Sit there until the stack unwinds; they come in waves, as the server has a moment to notice each."""
    for _ in range(_WAVES):
        wave = [stack.enter_context(RawHttp2(server.address)) for _ in range(_WAVE)]
        for peer in wave:
            with contextlib.suppress(Refused):
                peer.greet()
            peer.await_frame(SETTINGS)  # It has been accepted; or closed, and then there is none.
        await_that("what is too many has been closed", lambda: open_files(server) <= _MOST + _OTHER_FILES)


@pytest.mark.parametrize(("flags", "files"), [(["--max-connections", str(_MOST)], None), ([], 2 * _MOST)],
                         ids=["of the setting", "of the files that may be open"])
def test_there_are_no_more_connections_than_the_limit_and_those_that_sent_least_go_first(flags, files):
    get = cache_pb2.GetRequest(entry=cache_pb2.EntryRef(digest=b"h" * 32))
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running_server("--admin-listen", "127.0.0.1:0", *flags, files=files))
        channel = stack.enter_context(grpc.insecure_channel(server.address))
        stub = cache_pb2_grpc.CacheServiceStub(channel)
        stub.Get(get, timeout=30, wait_for_ready=True)
        idle_connections(server, stack)
        assert stub.Get(get, timeout=30).HasField("miss"), "the connection of before is still there"
        assert serves(server.address), "one that comes is served"
        await_that("it is logged", lambda: closings(server, f"more than {_MOST} connections") > 0)
        page = scrape(server.metrics_url())
        assert page.value("paracle_cache_connections_closed_total", reason="number") >= _WAVE * _WAVES - _MOST


def test_connections_that_come_faster_than_they_can_be_closed_keep_nobody_out():
    """CVE-2023-4785: when gRPC 1.51 accepts by itself, it stops for good once no file is left for a connection."""
    files, burst = 256, 700
    with running_server(files=files) as server, contextlib.ExitStack() as stack:
        host, port = server.address.rsplit(":", 1)
        for _ in range(burst):
            peer = stack.enter_context(socket.socket())
            peer.setblocking(False)
            peer.connect_ex((host, int(port)))
        assert serves(server.address), "while all of them are there"
        await_that("what is too many has been closed", lambda: open_files(server) <= files // 2 + _OTHER_FILES)


def test_the_server_may_open_as_many_files_as_the_hard_limit_allows():
    """Shells start programs with fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        with running_server() as server:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            peers = [RawHttp2(server.address) for _ in range(200)]
            assert serves(server.address)
            for peer in peers:
                peer.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

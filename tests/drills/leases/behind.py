"""Replicas that know less than they could: one whose messages from Redis are lost has not heard of an Invalidate yet;
all of them have given leases alone when Redis comes back. A lease that holds stays its holder's in both cases."""

import concurrent.futures
import time

import grpc
from paracle_cache._proto import cache_pb2 as pb
from paracle_cache._proto.cache_pb2_grpc import CacheServiceStub

from support.server_process import running_server

from ..support.stage import REPLICAS, await_that
from ..support.verdict import Verdict
from .forwarder import Forwarder
from .questions import entry_of, lease_request, name_of
from .scene import Scene

_LOOKS_AFTER = 0.5  # Seconds. How often replicas look again by themselves, for want of messages.


def run(verdict: Verdict, scene: Scene) -> None:
    _have_not_heard(verdict, scene, times=40 if scene.short else 400)
    _gave_leases_alone(verdict, scene)


def _have_not_heard(verdict: Verdict, scene: Scene, times: int) -> None:
    verdict.row(f"{times} leases, each behind an Invalidate of another question, and a replica that hears no message")
    taken = refused = 0
    redis = scene.stage.redis
    with (
        Forwarder(f"127.0.0.1:{redis.port}", deaf_to=b"SUBSCRIBE") as network,
        running_server("--backend", "redis", "--redis-url", f"redis://{network.address}/0") as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        deaf, hearing = CacheServiceStub(channel), scene.stage.stubs[0]
        await_that("the replica uses Redis", lambda: pb.TIER_SHARED in deaf.Set(
            pb.SetRequest(entry=entry_of("await"), payload=b"1"), timeout=5, wait_for_ready=True).stored_in)
        for _ in range(times):
            name = name_of(scene.new_keys(1))
            hearing.Invalidate(pb.InvalidateRequest(digest=entry_of("another").digest), timeout=5)
            lease = hearing.Get(lease_request(name, wait=0), timeout=5).lease
            taken += deaf.Get(lease_request(name, wait=0), timeout=5).WhichOneof("outcome") == "lease"
            refused += not _set(hearing, name, lease.fill_token)
    verdict.equal("leases that it gave a second time", taken, 0)
    verdict.equal("holders whose Set was refused", refused, 0)


def _gave_leases_alone(verdict: Verdict, scene: Scene) -> None:
    """Redis does not answer for a while; the model calls that begin meanwhile take longer than that."""
    verdict.row("leases that each replica gave alone, still held when Redis answers again")
    stage, name = scene.stage, name_of(scene.new_keys(1))
    stage.freeze_redis()
    try:
        tokens = [_take(stub, name) for stub in stage.stubs]
        with concurrent.futures.ThreadPoolExecutor(3 * REPLICAS) as pool:
            waiting = [pool.submit(_wait, stub, name) for stub in stage.stubs * 3]
            await_that("they wait", lambda: stage.waiting() == len(waiting))
            stage.resume_redis()
            time.sleep(3 * _LOOKS_AFTER)  # Each replica has looked; its outcome is what is counted.
            stored = sum(_set(stub, name, token) for stub, token in zip(stage.stubs, tokens, strict=True))
            outcomes = [one.result() for one in waiting]
    finally:
        stage.resume_redis()
    verdict.equal("who waited and was given another", outcomes.count("lease"), 0)
    verdict.equal("who waited and was answered", outcomes.count("hit"), len(outcomes))
    verdict.equal("holders whose Set was accepted", stored, REPLICAS)


def _take(stub: CacheServiceStub, name: str) -> bytes:
    """A lease; while Redis is found to be away, that takes a few attempts."""
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        response = stub.Get(lease_request(name, wait=0), timeout=5)
        if response.WhichOneof("outcome") == "lease":
            return response.lease.fill_token
        time.sleep(0.02)
    raise RuntimeError(f"no lease of {name} is given without Redis")


def _wait(stub: CacheServiceStub, name: str) -> str:
    return stub.Get(lease_request(name, wait=10), timeout=12).WhichOneof("outcome")


def _set(stub: CacheServiceStub, name: str, fill_token: bytes) -> bool:
    try:
        stub.Set(pb.SetRequest(entry=entry_of(name), payload=b"1", fill_token=fill_token), timeout=5)
    except grpc.RpcError:
        return False
    return True

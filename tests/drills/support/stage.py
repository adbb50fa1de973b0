"""Three replicas with one Redis."""

import contextlib
import pathlib
import signal
import time
from collections.abc import Callable, Iterator

import grpc
from paracle_cache._proto import admin_pb2, admin_pb2_grpc, cache_pb2, cache_pb2_grpc
from support.redis_server import RedisServer, running_redis
from support.server_process import ServerProcess, freeze, running_server

REPLICAS = 3


class Stage:
    def __init__(self, redis: RedisServer, replicas: list[ServerProcess]):
        self.redis = redis
        self.replicas = replicas
        self.addresses = [replica.address for replica in replicas]
        channels = [grpc.insecure_channel(address) for address in self.addresses]
        self.stubs = [cache_pb2_grpc.CacheServiceStub(channel) for channel in channels]
        self._admins = [admin_pb2_grpc.AdminServiceStub(channel) for channel in channels]

    def await_shared(self) -> None:
        """Until every replica uses Redis."""
        probe = cache_pb2.SetRequest(entry=cache_pb2.EntryRef(namespace="await", digest=bytes(32)))
        for stub in self.stubs:
            await_that("every replica uses Redis", lambda stub=stub: cache_pb2.TIER_SHARED in stub.Set(
                probe, timeout=5, wait_for_ready=True).stored_in)

    def leases(self) -> list[admin_pb2.LeaseStatus]:
        """Of each replica."""
        request = admin_pb2.GetStatsRequest()
        return [admin.GetStats(request, timeout=5, wait_for_ready=True).leases for admin in self._admins]

    def waiting(self) -> int:
        return sum(status.waiting for status in self.leases())

    def held(self) -> int:
        return sum(status.held for status in self.leases())

    def coalesced(self) -> int:
        """Lookups so far that were answered by somebody else's call after they had waited for it."""
        return sum(status.coalesced_count for status in self.leases())

    def granted_alone(self) -> int:
        """Leases so far that a replica gave without Redis."""
        return sum(status.granted_alone_count for status in self.leases())

    def freeze_redis(self) -> None:
        freeze(self.redis.process.pid)

    def resume_redis(self) -> None:
        self.redis.process.send_signal(signal.SIGCONT)

    def resident_mebibytes(self) -> list[int]:
        """Of each replica's process."""
        return [resident_bytes(replica.process.pid) >> 20 for replica in self.replicas]


@contextlib.contextmanager
def running_stage(*flags: str) -> Iterator[Stage]:
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(running_redis())
        replicas = [
            stack.enter_context(running_server("--backend", "redis", "--redis-url", redis.url, *flags))
            for _ in range(REPLICAS)
        ]
        stage = Stage(redis, replicas)
        stage.await_shared()
        yield stage


def await_that(what: str, holds: Callable[[], bool], patience: float = 20) -> float:
    """The seconds until it held. Raises RuntimeError when it never does."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() > began + patience:
            raise RuntimeError(f"not within {patience:g} s: {what}")
        time.sleep(0.002)
    return time.monotonic() - began


def resident_bytes(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0

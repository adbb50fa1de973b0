"""Three replicas with one Redis, and the log of the model calls."""

import contextlib
import pathlib
import signal
import tempfile
import threading
import time
from collections.abc import Iterator

import grpc
from paracle_cache._proto import admin_pb2, admin_pb2_grpc, cache_pb2, cache_pb2_grpc
from support.redis_server import RedisServer, running_redis
from support.server_process import ServerProcess, freeze, running_server

from .questions import CallLog

REPLICAS = 3


class Stage:
    def __init__(self, redis: RedisServer, replicas: list[ServerProcess], calls: CallLog):
        self.redis = redis
        self.replicas = replicas
        self.calls = calls
        self.addresses = [replica.address for replica in replicas]

    def await_shared(self) -> None:
        """Until every replica uses Redis."""
        probe = cache_pb2.SetRequest(entry=cache_pb2.EntryRef(namespace="await", digest=bytes(32)))
        for address in self.addresses:
            with grpc.insecure_channel(address) as channel:
                stub = cache_pb2_grpc.CacheServiceStub(channel)
                give_up = time.monotonic() + 20
                while cache_pb2.TIER_SHARED not in stub.Set(probe, timeout=5, wait_for_ready=True).stored_in:
                    if time.monotonic() > give_up:
                        raise RuntimeError(f"the replica {address} does not use Redis")
                    time.sleep(0.02)

    def lease_status(self, replica: int) -> admin_pb2.LeaseStatus:
        with grpc.insecure_channel(self.addresses[replica]) as channel:
            stub = admin_pb2_grpc.AdminServiceStub(channel)
            return stub.GetStats(admin_pb2.GetStatsRequest(), timeout=5, wait_for_ready=True).leases

    def living_addresses(self) -> list[str]:
        return [replica.address for replica in self.replicas if replica.process.poll() is None]

    def kill_replica(self, replica: int) -> None:
        self.replicas[replica].process.kill()
        self.replicas[replica].process.wait()

    def freeze_redis(self) -> None:
        freeze(self.redis.process.pid)

    def resume_redis(self) -> None:
        self.redis.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def running_stage(*flags: str) -> Iterator[Stage]:
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(running_redis())
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        replicas = [
            stack.enter_context(running_server("--backend", "redis", "--redis-url", redis.url, *flags))
            for _ in range(REPLICAS)
        ]
        stage = Stage(redis, replicas, CallLog(str(pathlib.Path(folder) / "calls")))
        stage.await_shared()
        yield stage


class MemoryWatch:
    """The most that each replica grew while this was open."""

    def __init__(self, stage: Stage):
        self._pids = [replica.process.pid for replica in stage.replicas]
        self._before = [_resident_bytes(pid) for pid in self._pids]
        self._most = list(self._before)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            self._most = [max(most, _resident_bytes(pid)) for most, pid in zip(self._most, self._pids, strict=True)]

    def growth(self) -> list[int]:
        return [most - before for most, before in zip(self._most, self._before, strict=True)]


def _resident_bytes(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0

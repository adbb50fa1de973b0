"""An honest client beside the abuse: stores an entry and looks it up, over and over, on a connection of its own."""

import dataclasses
import time

import grpc
from paracle_cache._proto import cache_pb2, cache_pb2_grpc

from ..support.worker import Link, Worker

_PAUSE = 0.001  # Between two lookups: it is to be served, not to take the machine.
_PATIENCE = 5.0


@dataclasses.dataclass
class Served:
    """What became of the calls of one phase."""

    latencies: list[float]
    failures: list[str]

    @property
    def calls(self) -> int:
        return len(self.latencies) + len(self.failures)


class Honest:
    """The drill's end."""

    def __init__(self, address: str, namespace: str = "honest"):
        self._worker = Worker(_look_up, address, namespace)
        self._worker.receive()

    def served_for(self, seconds: float) -> Served:
        self.begin(seconds)
        return self.end()

    def begin(self, seconds: float) -> None:
        self._worker.send(seconds)

    def end(self) -> Served:
        return self._worker.receive(patience=120)

    def __enter__(self) -> "Honest":
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.kill()


def _look_up(link: Link, address: str, namespace: str) -> None:
    entry = cache_pb2.EntryRef(namespace=namespace, digest=b"h" * 32, model="m")
    payload = b"p" * 4096
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        stub = cache_pb2_grpc.CacheServiceStub(channel)
        stub.Set(cache_pb2.SetRequest(entry=entry, payload=payload), timeout=30, wait_for_ready=True)
        link.send("ready")
        while True:
            seconds = link.receive()
            link.send(_phase(stub, cache_pb2.GetRequest(entry=entry), payload, time.monotonic() + seconds))


def _phase(stub: cache_pb2_grpc.CacheServiceStub, get: cache_pb2.GetRequest, payload: bytes, until: float) -> Served:
    served = Served([], [])
    while (began := time.monotonic()) < until:
        try:
            hit = stub.Get(get, timeout=_PATIENCE).hit
            if hit.payload == payload:
                served.latencies.append(time.monotonic() - began)
            else:
                served.failures.append("another answer, or none")
        except grpc.RpcError as error:
            served.failures.append(f"{error.code().name}: {error.details()}"[:120])
        time.sleep(_PAUSE)
    return served

"""The holder's process loses the network: nobody can give its lease back, so that it ends at its expiry."""

import concurrent.futures
import time

from ..support.stage import REPLICAS, await_that
from ..support.verdict import Verdict, spread
from ..support.worker import Worker
from . import holder
from .forwarder import Forwarder
from .lease_end import lease_end
from .questions import lease_request, name_of
from .scene import Scene

_PROMISED = 0.1  # Seconds.
_AT_ONCE = 10  # Leases of one holder.


def run(verdict: Verdict, scene: Scene) -> None:
    cuts = 1 if scene.short else 5
    verdict.row(f"{cuts} holders of {_AT_ONCE} leases of {scene.hold:g} s lose the network")
    promoted = [seconds for turn in range(cuts) for seconds in _cut_one(scene, turn)]
    scene.model.calls()
    verdict.equal("leases that somebody who waited was given", len(promoted), cuts * _AT_ONCE)
    verdict.tell("after the lease's end, p50 / p99 / most", spread(promoted))
    verdict.within("the same, most", max(promoted, default=0), _PROMISED)


def _cut_one(scene: Scene, turn: int) -> list[float]:
    first = scene.new_keys(_AT_ONCE)
    names = [name_of(first + number) for number in range(_AT_ONCE)]
    stage, replica = scene.stage, turn % REPLICAS
    with (
        Forwarder(stage.addresses[replica]) as network,
        Worker(holder.calling, network.address, scene.model.url) as worker,
        concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        worker.receive()
        worker.send(holder.Hold(names))
        await_that("the holder has its leases", lambda: stage.held() == _AT_ONCE)
        waiting = [pool.submit(_wait, scene, (replica + number) % REPLICAS, name) for number, name in enumerate(names)]
        await_that("they wait", lambda: stage.waiting() == _AT_ONCE)
        network.cut()
        ends = [lease_end(stage, name) for name in names]
        given = [one.result() for one in waiting]
        return [at - end for at, end in zip(given, ends, strict=True) if at is not None and end is not None]


def _wait(scene: Scene, replica: int, name: str) -> float | None:
    """When the lease came."""
    stub = scene.stage.stubs[replica]
    response = stub.Get(lease_request(name, wait=20), timeout=25)
    at = time.monotonic()
    return at if response.WhichOneof("outcome") == "lease" else None

"""The holder's function raises or is cancelled: the next who waits is given the lease at once, at any replica."""

import concurrent.futures
import time

from paracle_cache._proto import cache_pb2 as pb

from ..support.stage import REPLICAS, await_that
from ..support.verdict import Verdict, spread
from ..support.worker import Worker
from .questions import entry_of, lease_request, name_of
from .releaser import WAYS, Release, releasing
from .scene import Scene

_PROMISED = 0.05  # Seconds.
_WAITERS = 3  # Of each question.


def run(verdict: Verdict, scene: Scene) -> None:
    times = 30 if scene.short else 200
    verdict.row(f"the holder's function raises, or is cancelled, {times} times each")
    with Worker(releasing, scene.stage.addresses) as releaser, concurrent.futures.ThreadPoolExecutor(_WAITERS) as pool:
        releaser.receive()
        for way in WAYS:
            found = [_promote(scene, pool, releaser, way, turn) for turn in range(times)]
            promoted = [seconds for seconds in found if seconds is not None]
            verdict.equal(f"{way}: times that one of {_WAITERS} who waited was given the lease", len(promoted), times)
            verdict.tell("after, p50 / p99 / most", spread(promoted))
            verdict.within("the same, most", max(promoted), _PROMISED)


def _promote(
    scene: Scene, pool: concurrent.futures.Executor, releaser: Worker, way: str, turn: int
) -> float | None:
    """Seconds from the function's end until somebody else had the lease; None: nobody, or more than one."""
    name = name_of(scene.new_keys(1))
    releaser.send(Release(name, turn % REPLICAS, way))
    releaser.receive()
    replicas = [turn // REPLICAS % REPLICAS] * _WAITERS  # All combinations with the holder's.
    waiting = [pool.submit(_wait, scene, replica, name) for replica in replicas]
    await_that("they wait", lambda: scene.stage.waiting() == _WAITERS)
    releaser.send("end")
    ended = releaser.receive()
    given = [at for one in waiting if (at := one.result()) is not None]
    return min(given) - ended if len(given) == 1 else None


def _wait(scene: Scene, replica: int, name: str) -> float | None:
    """When the lease came; then the question is answered, so that the others go. None: the answer came."""
    stub = scene.stage.stubs[replica]
    response = stub.Get(lease_request(name, wait=20), timeout=25)
    at = time.monotonic()
    if response.WhichOneof("outcome") != "lease":
        return None
    stub.Set(pb.SetRequest(entry=entry_of(name), payload=b"1", fill_token=response.lease.fill_token), timeout=5)
    return at

"""Holders are stopped beyond their leases, and continue: what they set then is refused and changes nothing, whether
somebody else has answered meanwhile, is at it, or nobody has come."""

import concurrent.futures
import dataclasses
import time

import grpc
from paracle_cache._proto import cache_pb2 as pb

from ..support.stage import REPLICAS, Stage
from ..support.verdict import Verdict
from ..support.worker import Worker
from . import holder
from .holder import LateSet
from .lease_end import lease_end
from .questions import entry_of, lease_request, name_of
from .scene import Scene

_AT_ONCE = 5
_ANSWER = b'"of the next holder"'


@dataclasses.dataclass
class _Counts:
    stops: int = 0
    late: list[LateSet] = dataclasses.field(default_factory=list)
    next_refused: int = 0
    read_late: int = 0  # Replicas that serve what came late.
    not_read: int = 0  # Replicas that do not serve what the next holder set.


def run(verdict: Verdict, scene: Scene) -> None:
    stops = 5 if scene.short else 50
    verdict.row(f"{stops} holders stopped beyond their leases of {scene.hold:g} s, and continued")
    counts = _Counts()
    arguments = [(address, scene.hold) for address in scene.stage.addresses]
    holders = [Worker(holder.setting, *arguments[number % REPLICAS]) for number in range(_AT_ONCE)]
    for one in holders:
        one.receive()
    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
        for first in range(0, stops, _AT_ONCE):
            count = min(_AT_ONCE, stops - first)
            turns = [(scene.new_keys(3), first + number) for number in range(count)]
            for one in pool.map(lambda worker, turn: _stop_one(scene.stage, worker, *turn), holders[:count], turns):
                _add(counts, one)
    for one in holders:
        one.kill()
    refused = [late for late in counts.late if late.how == "FAILED_PRECONDITION LEASE_LOST"]
    verdict.at_least("stopped, with three leases each", counts.stops, stops)
    verdict.equal("late Sets", len(counts.late), 3 * stops)
    verdict.equal("refused with FAILED_PRECONDITION, reason LEASE_LOST", len(refused), 3 * stops)
    verdict.equal("accepted", sum(late.how == "OK" for late in counts.late), 0)
    verdict.equal("Sets of the next holder that were refused", counts.next_refused, 0)
    verdict.equal("replicas that serve a late answer", counts.read_late, 0)
    verdict.equal("replicas that do not serve the next holder's", counts.not_read, 0)
    for late in [late for late in counts.late if late not in refused][:3]:
        verdict.tell("a late Set", f"{late.name}: {late.how}")


def _add(sums: _Counts, counts: _Counts) -> None:
    for field in dataclasses.fields(_Counts):
        setattr(sums, field.name, getattr(sums, field.name) + getattr(counts, field.name))


def _stop_one(stage: Stage, worker: Worker, first: int, turn: int) -> _Counts:
    answered, taken, alone = names = [name_of(first + number) for number in range(3)]
    worker.send(holder.Hold(names))
    counts = _Counts(stops=int(worker.receive() == names))
    worker.freeze()
    worker.send("set")  # Read when it continues.
    end = max(end for name in names if (end := lease_end(stage, name)) is not None)
    next_holder = stage.stubs[(turn + 1) % REPLICAS]
    tokens = {name: _take_over(next_holder, name) for name in (answered, taken)}
    counts.next_refused += not _set(next_holder, answered, tokens[answered])
    time.sleep(max(0.0, end - time.monotonic()) + 0.01)
    worker.resume()
    counts.late = worker.receive()
    counts.next_refused += not _set(next_holder, taken, tokens[taken])
    for stub in stage.stubs:
        served = [stub.Get(pb.GetRequest(entry=entry_of(name)), timeout=5).hit.payload for name in names]
        counts.read_late += sum(payload == b'"late"' for payload in served)
        counts.not_read += sum(payload != _ANSWER for payload in served[:2])
    return counts


def _take_over(stub, name: str) -> bytes:
    """Waits for the lease. Raises RuntimeError if something else comes."""
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        response = stub.Get(lease_request(name, wait=5, hold=30), timeout=6)
        if response.WhichOneof("outcome") == "lease":
            return response.lease.fill_token
    raise RuntimeError(f"nobody is given the lease of {name} after its holder was stopped")


def _set(stub, name: str, fill_token: bytes) -> bool:
    request = pb.SetRequest(entry=entry_of(name), payload=_ANSWER, fill_token=fill_token)
    try:
        stub.Set(request, timeout=5)
    except grpc.RpcError:
        return False
    return True

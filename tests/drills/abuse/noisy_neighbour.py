"""A namespace at ten times its quota beside another: what its calls cost the other one, and what refusing costs."""

import statistics
import time

import grpc
from paracle_cache._proto import cache_pb2, cache_pb2_grpc

from ..support.verdict import Verdict, milliseconds, quantile
from ..support.worker import Link, Worker
from .honest import Served
from .scene import Scene, running_scene

_QUOTA = 100  # Requests a second.
_TIMES = 10
_MOST_RATIO = 1.5
_SLACK = 0.001  # Seconds: less is the machine's own noise, not the neighbour's.


def run(verdict: Verdict, short: bool) -> None:
    rounds, seconds = (3, 2.0) if short else (10, 6.0)
    verdict.row(f"a namespace at {_TIMES} x its {_QUOTA} requests/s, {rounds} rounds of {seconds:g} s without and with")
    with running_scene("--namespace-limits", f"greedy:rps={_QUOTA}") as scene:
        without, beside, told = [], [], []
        for _ in range(rounds):
            without.append(scene.honest.served_for(seconds))
            served, said = _beside(scene, seconds)
            beside.append(served)
            told.append(said)
    admitted = sum(said["admitted"] for said in told)
    refused = sum(said["refused"] for said in told)
    verdict.at_least("calls of the greedy one", admitted + refused, rounds * seconds * _QUOTA * _TIMES * 0.7)
    # A second's burst, and what comes while the last calls are on their way.
    verdict.at_most("of these admitted", admitted, rounds * _QUOTA * (seconds + 2))
    verdict.at_least("refused with NAMESPACE_LIMIT and when to come back", refused, 1)
    verdict.equal("failed in another way", sum(said["other"] for said in told), 0)
    _judge(verdict, without, beside, short)


def _beside(scene: Scene, seconds: float) -> tuple[Served, dict[str, int]]:
    with Worker(be_greedy, scene.address, seconds) as greedy:
        greedy.receive()
        served = scene.honest.served_for(seconds)
        return served, greedy.receive()


def _judge(verdict: Verdict, without: list[Served], beside: list[Served], short: bool) -> None:
    verdict.equal("calls of the other one that failed", sum(len(each.failures) for each in without + beside), 0)
    quiet = [quantile(each.latencies, 0.99) for each in without]
    noisy = [quantile(each.latencies, 0.99) for each in beside]
    verdict.tell("its p99 without and with, medians of the rounds",
                 f"{milliseconds(statistics.median(quiet))} / {milliseconds(statistics.median(noisy))}")
    ratio = statistics.median(with_ / alone for alone, with_ in zip(quiet, noisy, strict=True))
    verdict.tell("ratio of the two, median of the rounds", f"{ratio:.2f}")
    most = 1 + (_MOST_RATIO - 1) * (3 if short else 1)
    excess = statistics.median(with_ - most * alone for alone, with_ in zip(quiet, noisy, strict=True))
    verdict.within(f"beyond {most:g} x what it was without", max(0.0, excess), _SLACK)


def be_greedy(link: Link, address: str, seconds: float) -> None:
    """Asks at its pace, whatever it is answered. Says how many calls were admitted, refused, and neither."""
    request = cache_pb2.GetRequest(entry=cache_pb2.EntryRef(namespace="greedy", digest=b"g" * 32))
    counts = {"admitted": 0, "refused": 0, "other": 0}
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        stub = cache_pb2_grpc.CacheServiceStub(channel)
        stub.Get(request, timeout=30, wait_for_ready=True)
        link.send("begun")
        pause, began, asked = 1 / (_QUOTA * _TIMES), time.monotonic(), 0
        while (now := time.monotonic()) < began + seconds:
            if now < began + asked * pause:
                time.sleep(began + asked * pause - now)
            asked += 1
            counts[_ask(stub, request)] += 1
    link.send(counts)


def _ask(stub: cache_pb2_grpc.CacheServiceStub, request: cache_pb2.GetRequest) -> str:
    try:
        stub.Get(request, timeout=5)
        return "admitted"
    except grpc.RpcError as error:
        details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
        told = b"NAMESPACE_LIMIT" in details and b"google.rpc.RetryInfo" in details
        return "refused" if error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED and told else "other"

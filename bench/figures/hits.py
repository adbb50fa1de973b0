"""`Get` hits over gRPC beside a no-op completion-queue handler that answers the same bytes.

4 KiB, 4 connections x 16 in flight. Rounds of both alternate, and the order within a round too; each round gives one
ratio, so that what slows the machine for a while slows both.
"""

from figures.measuring import Programs, spread
from figures.report import Row

ROUNDS = 9
FLAGS = ["--connections", "4", "-c", "64", "--ratio", "0:1", "--value-size", "4096", "--warmup", "300ms"]


def measure(programs: Programs):
    rates = {"cache": [], "noop": []}
    with programs.cache_server() as cache, programs.noop_server() as noop:
        # That every answer is the right one is checked apart, since the no-op server's never are.
        programs.loadtest(cache.endpoint, *FLAGS, "-n", "50000")
        servers = {"cache": cache, "noop": noop}
        for i in range(ROUNDS):
            for name in sorted(servers, reverse=i % 2 == 1):
                report = programs.loadtest(servers[name].endpoint, *FLAGS, "-z", "2s", "--no-check")
                rates[name].append(report["requests_per_second"])
    ratios = [cache / noop for cache, noop in zip(rates["cache"], rates["noop"])]
    yield Row("hits: rate over gRPC, 4 KiB, 4 x 16, over a no-op handler's", unit="x", bound=0.90, at_least=True,
              **spread(ratios))
    yield Row("  hits", unit="/s", **spread(rates["cache"]))
    yield Row("  no-op", unit="/s", **spread(rates["noop"]))

"""What a miss adds to a model call: key, Get and Set of a 4 KiB question and answer over loopback, p99."""

from figures.measuring import Programs, spread
from figures.report import Row

ROUNDS = 5


def measure(programs: Programs):
    alone, busy = [], []
    with programs.cache_server() as server:
        flags = ["--mode", "miss-path", "--value-size", "4096", "--warmup", "500ms"]
        for _ in range(ROUNDS):
            alone.append(programs.loadtest(server.endpoint, *flags, "--connections", "1", "-c", "1", "-z", "2s"))
            busy.append(programs.loadtest(server.endpoint, *flags, "-c", "64", "-r", "1000", "-z", "2s"))
    yield Row("miss: key + Get + Set, 4 KiB, p99", unit="ms", bound=1, **spread(millis(alone, "p99")))
    yield Row("  p50", unit="ms", **spread(millis(alone, "p50")))
    yield Row("  p99 at 1,000 a second, open loop, 4 connections", unit="ms", **spread(millis(busy, "p99")))


def millis(reports: list[dict], percentile: str) -> list[float]:
    return [report["latency_seconds"][percentile] * 1e3 for report in reports]

"""The shared tier: Gets that Redis answers, and hits from memory while Redis is stopped.

Redis is this machine's redis-server on loopback. With room for one entry in memory, practically every Get of 1,000 keys
goes to Redis. What a Get costs at best is a no-op gRPC call and a bare Redis GET one after the other, so the rate to
compare with is 1 / (1 / no-op + 1 / GET). All three are measured in turn.
"""

from figures.measuring import Programs, spread
from figures.redis_server import RedisServer, redis_server, settle
from figures.report import Row

ROUNDS = 9
KEYS = "1000"
GETS = ["--ratio", "0:1", "--value-size", "4096", "--keyspace", KEYS, "--warmup", "300ms", "-z", "2s"]
BUSY = ["--connections", "4", "-c", "64"]
ALONE = ["--connections", "1", "-c", "1"]
REDIS_GET = ["-t", "get", "-r", KEYS]


def measure(programs: Programs):
    with redis_server() as redis:
        redis.benchmark("-t", "set", "-r", KEYS, "-d", "4096", "-n", "20000")
        with (programs.cache_server("--backend=redis", f"--redis-url={redis.url}", "--max-size=1") as cache,
              programs.noop_server() as noop):
            yield from many_gets(programs, redis, cache.endpoint, noop.endpoint)
            yield from lone_gets(programs, redis, cache.endpoint, noop.endpoint)
        yield from hits_without_redis(programs, redis)


def many_gets(programs: Programs, redis: RedisServer, cache: str, noop: str):
    rates, ratios = [], []
    for _ in range(ROUNDS):
        shared = programs.loadtest(cache, *GETS, *BUSY)
        empty = programs.loadtest(noop, *GETS, *BUSY, "--no-check")
        bare = redis.benchmark(*REDIS_GET, "-c", "64", "-n", "150000")
        rates.append(shared["requests_per_second"])
        ratios.append(rates[-1] * (1 / empty["requests_per_second"] + 1 / bare["rps"]))
    yield Row("shared: Get from Redis, 4 KiB, 64 in flight, over 1/(1/no-op + 1/GET)", unit="x", bound=0.7,
              at_least=True, **spread(ratios))
    yield Row("  Gets from Redis", unit="/s", **spread(rates))


def lone_gets(programs: Programs, redis: RedisServer, cache: str, noop: str):
    """In rounds of their own, in either order: after many Gets, a virtual machine's processors wake up later for a while."""
    ways = {
        "shared": lambda: programs.loadtest(cache, *GETS, *ALONE)["latency_seconds"]["p50"] * 1e6,
        "empty": lambda: programs.loadtest(noop, *GETS, *ALONE, "--no-check")["latency_seconds"]["p50"] * 1e6,
        "bare": lambda: redis.benchmark(*REDIS_GET, "-c", "1", "-n", "20000")["p50_latency_ms"] * 1e3,
    }
    rounds = [{name: ways[name]() for name in sorted(ways, reverse=i % 2 == 1)} for i in range(ROUNDS)]
    yield Row("shared: p50 added to a no-op call, one bare GET taken off", unit="us", bound=60,
              **spread([times["shared"] - times["empty"] - times["bare"] for times in rounds]))
    yield Row("  a bare GET, p50", unit="us", **spread([times["bare"] for times in rounds]))


def hits_without_redis(programs: Programs, redis: RedisServer):
    ratios = []
    with programs.cache_server("--backend=redis", f"--redis-url={redis.url}", "--max-size=10000") as cache:
        for _ in range(ROUNDS):
            before = programs.loadtest(cache.endpoint, *GETS, *BUSY)
            with redis.stopped():
                settle(2)
                stopped = programs.loadtest(cache.endpoint, *GETS, *BUSY, may_leave_entries=True)
            settle(2)
            after = programs.loadtest(cache.endpoint, *GETS, *BUSY)  # What drifts concerns both.
            healthy = (before["requests_per_second"] + after["requests_per_second"]) / 2
            ratios.append(stopped["requests_per_second"] / healthy)
    yield Row("shared: hits from memory while Redis is stopped, over healthy", unit="x", bound=0.95, at_least=True,
              **spread(ratios))

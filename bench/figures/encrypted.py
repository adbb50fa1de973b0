"""Encryption of the shared tier: CPU of the server per Get that Redis answers, sealed over plain.

Two servers, one with keys, on one Redis of this machine, with room for one entry in memory: practically every Get of
1,000 keys goes to Redis. They are asked in turns, and each round compares its own two.
"""

import base64
import contextlib
import os
import pathlib
import tempfile

from figures.measuring import Process, Programs, spread
from figures.redis_server import redis_server
from figures.report import Row

ROUNDS = 15
GETS = ["--ratio", "0:1", "--value-size", "4096", "--keyspace", "1000", "--warmup", "200ms", "-z", "2s",
        "--connections", "4", "-c", "64"]


@contextlib.contextmanager
def keys_file():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "keys")
        lines = [f"{name} {base64.b64encode(os.urandom(32)).decode()}\n" for name in ("names", "key-1")]
        path.touch(mode=0o600)
        path.write_text("".join(lines))
        yield path


def cpu_per_get(programs: Programs, server: Process) -> float:
    """In microseconds; the warm-up counts on both sides, and is the same."""
    before = server.cpu_seconds()
    report = programs.loadtest(server.endpoint, *GETS)
    return (server.cpu_seconds() - before) / report["requests"] * 1e6


def measure(programs: Programs):
    with redis_server() as redis, keys_file() as keys:
        common = ["--backend=redis", f"--redis-url={redis.url}", "--max-size=1"]
        with (programs.cache_server(*common, "--prefix=plain:") as plain,
              programs.cache_server(*common, "--prefix=sealed:", f"--encryption-keys-file={keys}") as sealed):
            rounds = []
            for number in range(ROUNDS):
                order = [plain, sealed] if number % 2 == 0 else [sealed, plain]
                times = {server.pid: cpu_per_get(programs, server) for server in order}
                rounds.append((times[plain.pid], times[sealed.pid]))
    yield Row("encrypted: CPU per Get from Redis, 4 KiB, sealed over plain", unit="x", bound=1.1,
              **spread([sealed / plain for plain, sealed in rounds]))
    yield Row("  plain", unit="us", **spread([plain for plain, _ in rounds]))
    yield Row("  sealed", unit="us", **spread([sealed for _, sealed in rounds]))

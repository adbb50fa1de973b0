"""The key from raw JSON beside SHA-256 alone on the same bytes: 200 B, 4 KiB, 100 KiB; prose and escaped code."""

import collections
import json
import statistics
import subprocess

from figures.measuring import NotMeasured, Programs, spread
from figures.report import Row

REPETITIONS = 11
KINDS = {"0": "prose", "1": "code"}
# Size -> (bound, whether it is a ratio to SHA-256; else microseconds).
BOUNDS = {"200": (1.5, False), "4096": (3.0, True), "102400": (3.5, True)}


def measure(programs: Programs):
    times = repetitions(programs.path("key_benchmark"))
    for size, (bound, is_ratio) in BOUNDS.items():
        for kind, kind_name in KINDS.items():
            key, sha = times[f"BM_Key/{size}/{kind}"], times[f"BM_Sha256/{size}/{kind}"]
            if not key or not sha:
                raise NotMeasured(f"key_benchmark has no BM_Key or BM_Sha256 of {size}/{kind}")
            micros = spread([nanos / 1e3 for nanos in key])
            ratio = spread([k / s for k, s in zip(key, sha)])
            name = f"key: {int(size):,} B of {kind_name}"
            yield Row(f"{name}, time", unit="us", bound=None if is_ratio else bound, **micros)
            yield Row(f"{name}, over SHA-256 alone", unit="x", bound=bound if is_ratio else None, **ratio)
            body = times[f"BM_KeyOfRequestBody/{size}/{kind}"]
            if body:
                yield Row("  from a provider's request body", statistics.median(body) / 1e3, "us")


def repetitions(program: str) -> dict[str, list[float]]:
    """CPU nanoseconds of every repetition by benchmark; repetitions of different ones are interleaved."""
    command = [program, "--benchmark_format=json", f"--benchmark_repetitions={REPETITIONS}",
               "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.05"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        raise NotMeasured(f"key_benchmark: exit code {run.returncode}: {run.stderr[-500:]}")
    times = collections.defaultdict(list)
    for result in json.loads(run.stdout)["benchmarks"]:
        if result["run_type"] == "iteration":
            times[result["run_name"]].append(result["cpu_time"])
    return times

"""The memory tier beside RocksDB's caches: time and rate of a hit, bookkeeping bytes per entry.

bench/memory_benchmark.cc measures and judges; this only repeats its summary, which ends in lines such as
`memory: a hit, ...   153.20 ns   must reach <= 200   met`, each perhaps followed by one that is only shown.
"""

import re
import subprocess

from figures.measuring import NotMeasured, Programs
from figures.report import Row

JUDGED = re.compile(r"^(memory: .+?)\s+([\d.]+) (\S+)\s+must reach ([<>]=) ([\d.]+)\s+(?:met|MISSED)$")
SHOWN = re.compile(r"^  \((over .+)\)\s+([\d.]+) (x)$")


def measure(programs: Programs):
    command = [programs.path("memory_benchmark"), "--benchmark_enable_random_interleaving=true"]
    run = subprocess.run(command, capture_output=True, text=True)
    rows = 0
    for line in run.stdout.splitlines():
        if match := JUDGED.match(line):
            name, value, unit, relation, bound = match.groups()
            yield Row(name, float(value), unit, float(bound), at_least=relation == ">=")
            rows += 1
        elif match := SHOWN.match(line):
            yield Row(f"  {match[1]}", float(match[2]), match[3])
    if run.returncode != 0 or rows < 6:
        raise NotMeasured(f"memory_benchmark gave {rows} figures of 6, exit code {run.returncode}: {run.stderr[-500:]}")

"""The Python client: a hit of `Client.get` beside a bare grpcio call of the same bytes, and what the decorator adds.

4 KiB, one thread, a connection each. The bare call goes to the no-op server, whose answer is a hit of that size. They
take turns call by call in one process, so that what slows the machine for a while slows all.
"""

import json
import os
import pathlib
import subprocess

from figures.measuring import NotMeasured, Programs, spread
from figures.report import Row

ROUNDS = "9"
CALLS = "1000"
ROOT = pathlib.Path(__file__).resolve().parents[2]


def measure(programs: Programs):
    with programs.cache_server() as cache, programs.noop_server() as noop:
        command = [python(), ROOT / "bench" / "clients" / "python_hits.py", cache.endpoint, noop.endpoint, ROUNDS, CALLS]
        run = subprocess.run(command, env=environment(), capture_output=True, text=True)
    if run.returncode != 0:
        raise NotMeasured(f"python_hits.py: {run.stderr.strip()[-800:]}")
    medians = json.loads(run.stdout)
    ratios = [get / bare for get, bare in zip(medians["get"], medians["bare"])]
    added = [(decorated - get) * 1e6 for decorated, get in zip(medians["decorated"], medians["get"])]
    yield Row("python: get hit, 4 KiB, over a bare grpcio call", unit="x", bound=1.5, **spread(ratios))
    for name in medians:
        yield Row(f"  {name}, median", unit="us", **spread([seconds * 1e6 for seconds in medians[name]]))
    yield Row("python: what the decorator adds to a get on a hit", unit="us", bound=60, **spread(added))


def python() -> str:
    """PARACLE_PYTHON, else that of scripts/bootstrap python; it has grpcio and protobuf."""
    path = os.environ.get("PARACLE_PYTHON", str(ROOT / "build" / "venv" / "bin" / "python"))
    if not pathlib.Path(path).exists():
        raise NotMeasured(f"no {path}: a Python with grpcio and protobuf is needed there, or named by PARACLE_PYTHON")
    return path


def environment() -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PARACLE_")}
    return {**clean, "PYTHONPATH": str(ROOT / "clients" / "python" / "src"), "PYTHONDONTWRITEBYTECODE": "1"}

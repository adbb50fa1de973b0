"""A redis-server of our own to measure against, and redis-benchmark on it."""

import contextlib
import csv
import io
import os
import shutil
import signal
import subprocess
import time

from figures.measuring import NotMeasured, Process, running


class RedisServer:
    def __init__(self, process: Process):
        self._process = process
        self._port = process.endpoint.rsplit(":", 1)[1]
        self.url = f"redis://{process.endpoint}/0"

    def benchmark(self, *flags: str) -> dict[str, float]:
        """One row of redis-benchmark: rps and latencies in milliseconds, by its own column names."""
        command = ["redis-benchmark", "-p", self._port, "--csv", "--precision", "3", *flags]
        run = subprocess.run(command, capture_output=True, text=True)
        rows = list(csv.DictReader(io.StringIO(run.stdout)))
        if run.returncode != 0 or len(rows) != 1:
            raise NotMeasured(f"{' '.join(command)}: {run.stderr.strip() or run.stdout.strip()}")
        return {name: float(value) for name, value in rows[0].items() if name != "test"}

    @contextlib.contextmanager
    def stopped(self):
        """Frozen as by a stopped virtual machine: it accepts connections and answers nothing."""
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)


@contextlib.contextmanager
def redis_server():
    for program in ("redis-server", "redis-benchmark"):
        if shutil.which(program) is None:
            raise NotMeasured(f"{program} is not installed")
    command = ["sh", "-c", 'exec redis-server --port "${{1##*:}}" --bind 127.0.0.1 --save "" --appendonly no', "sh",
               "{endpoint}"]
    with running(command) as process:
        yield RedisServer(process)


def settle(seconds: float) -> None:
    """Lets breakers open or close; what follows is measured, not awaited."""
    time.sleep(seconds)

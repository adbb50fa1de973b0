"""Starts a real paracle-cache-server on a free port for tests, and stops it again."""

import contextlib
import os
import pathlib
import re
import resource
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def binary(name: str) -> str:
    """A program of the build under test: PARACLE_BUILD (relative to the repository), else build/dev."""
    return str(ROOT / os.environ.get("PARACLE_BUILD", "build/dev") / "bin" / name)


def freeze(pid: int) -> None:
    """SIGSTOP, and waits until every thread has stopped: until then the process goes on answering."""
    os.kill(pid, signal.SIGSTOP)
    give_up = time.monotonic() + 10
    while any(_state(task) != "T" for task in pathlib.Path(f"/proc/{pid}/task").iterdir()):
        assert time.monotonic() < give_up, f"process {pid} does not stop"
        time.sleep(0.001)


def _state(task: pathlib.Path) -> str:
    return (task / "stat").read_text().rpartition(")")[2].split()[0]


class ServerProcess:
    def __init__(self, *flags: str, env: dict[str, str] | None = None, listen: str = "127.0.0.1:0",
                 files: int | None = None):
        """`files`: as many it may have open, and not raise that."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PARACLE_CACHE_")}
        self.process = subprocess.Popen(
            [binary("paracle-cache-server"), "--listen", listen, "--admin-listen", "off", *flags],
            stderr=subprocess.PIPE, text=True, env=clean | (env or {}),
            preexec_fn=files and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))))
        self.log: list[str] = []
        self.address = self._wait_for_address()
        threading.Thread(target=self._drain, daemon=True).start()

    def _wait_for_address(self) -> str:
        for line in self.process.stderr:
            self.log.append(line)
            if found := re.search(r"listening address=(\S+)", line):
                return found.group(1)
        raise RuntimeError(f"the server did not start: {''.join(self.log)}")

    def _drain(self) -> None:
        for line in self.process.stderr:
            self.log.append(line)

    def metrics_url(self) -> str:
        """Where it serves metrics, which it does when a flag says so: `--admin-listen`, `127.0.0.1:0`."""
        give_up = time.monotonic() + 20
        while not (found := re.search(r"serving metrics url=(\S+)", "".join(self.log))):
            assert time.monotonic() < give_up, f"no metrics are served: {''.join(self.log)}"
            time.sleep(0.01)
        return found.group(1)

    def freeze(self) -> None:
        freeze(self.process.pid)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@contextlib.contextmanager
def running_server(*flags: str, env: dict[str, str] | None = None, files: int | None = None):
    server = ServerProcess(*flags, env=env, files=files)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()

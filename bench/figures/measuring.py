"""Programs under test and the numbers that the system knows about them."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import time

START_SECONDS = 20
TICKS = os.sysconf("SC_CLK_TCK")


class NotMeasured(Exception):
    """A figure cannot be measured; the text says why."""


class Programs:
    """The build's programs, built when first asked for."""

    def __init__(self, build_dir: pathlib.Path):
        self._build_dir = build_dir
        self._built: set[str] = set()

    def path(self, target: str) -> str:
        if target not in self._built:
            build = subprocess.run(["cmake", "--build", self._build_dir, "--target", target],
                                   capture_output=True, text=True)
            if build.returncode != 0:
                tail = "\n".join((build.stdout + build.stderr).splitlines()[-15:])
                raise NotMeasured(f"{target} does not build:\n{tail}")
            self._built.add(target)
        return str(self._build_dir / "bin" / target)

    def loadtest(self, endpoint: str, *flags: str, must_be_clean: bool = True, may_leave_entries: bool = False) -> dict:
        """Runs the load generator and returns its report.

        A server whose shared tier is away cannot promise to have forgotten the test's entries: `may_leave_entries`.
        """
        command = [self.path("paracle-loadtest"), "--endpoint", endpoint, "--format", "json", *flags]
        run = subprocess.run(command, capture_output=True, text=True)
        if not run.stdout:
            raise NotMeasured(f"{' '.join(command)}: {run.stderr.strip() or f'exit code {run.returncode}'}")
        report = json.loads(run.stdout)
        bad = {name: report[name] for name in ("errors", "wrong", "lost", "unsent") if report[name]}
        left = report["left_behind"] and not may_leave_entries
        if must_be_clean and (bad or report["aborted"] or left):
            raise NotMeasured(f"{' '.join(command)}: not clean: {bad} {report['error_messages']} {report['aborted']}")
        return report

    @contextlib.contextmanager
    def cache_server(self, *flags: str):
        command = [self.path("paracle-cache-server"), "--listen", "{endpoint}", "--admin-listen", "off", "--log-level", "warn",
                   *flags]
        with running(command) as process:
            yield process

    @contextlib.contextmanager
    def noop_server(self):
        with running([self.path("noop-server"), "{endpoint}"]) as process:
            yield process


class Process:
    """A server that runs."""

    def __init__(self, pid: int, endpoint: str):
        self.pid = pid
        self.endpoint = endpoint

    def cpu_seconds(self) -> float:
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_bytes(self) -> int:
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise NotMeasured("no VmRSS: not Linux?")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(command: list[str]):
    """Runs a server on a free port, for which `{endpoint}` stands in the command, as a Process."""
    port = free_port()
    endpoint = f"127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARACLE_")}
    server = subprocess.Popen([word.format(endpoint=endpoint) for word in command], env=environment,
                              stdout=subprocess.DEVNULL)
    try:
        wait_until_listening(server, port)
        yield Process(server.pid, endpoint)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_until_listening(server: subprocess.Popen, port: int) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise NotMeasured(f"{server.args[0]} ended with exit code {server.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise NotMeasured(f"{server.args[0]} does not listen after {START_SECONDS} s")


def spread(values: list[float]) -> dict:
    """Median and range, as Row wants them."""
    return {"value": statistics.median(values), "low": min(values), "high": max(values)}

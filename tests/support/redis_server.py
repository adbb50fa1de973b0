"""Starts a real redis-server on a free port for tests, and stops it again."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time

from support.ports import free_port


class RedisServer:
    def __init__(self, *flags: str):
        self.flags = flags
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             *self.flags],
            stdout=subprocess.DEVNULL)
        give_up = time.monotonic() + 20
        while time.monotonic() < give_up:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise RuntimeError("redis-server does not listen")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def installed() -> bool:
    return shutil.which("redis-server") is not None


@contextlib.contextmanager
def running_redis(*flags: str):
    server = RedisServer(*flags)
    try:
        yield server
    finally:
        server.kill()

"""A cache server of a test's own, to be frozen and killed."""

from __future__ import annotations

import importlib.util
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_STARTER = Path(__file__).resolve().parents[4] / "tests" / "support" / "server_process.py"


class Service:
    def __init__(self, server: Any) -> None:
        self._server = server
        self.address: str = server.address

    def freeze(self) -> None:
        self._server.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._server.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._server.process.kill()
        self._server.process.wait()


@contextmanager
def own_service() -> Iterator[Service]:
    spec = importlib.util.spec_from_file_location("server_process", _STARTER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.running_server() as server:
        try:
            yield Service(server)
        finally:
            server.process.kill()
            server.process.wait()
            server.process.stderr.close()

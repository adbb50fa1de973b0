"""The same load as load.py, by clients/go/internal/steadyload."""

import json
import os
import subprocess
from collections.abc import Mapping

from support.server_process import ROOT

from .load import Report

_PROGRAM = ROOT / "build" / "drill" / "steadyload"


def build() -> None:
    """As scripts/test finds Go; takes seconds the first time."""
    _PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "build", "-o", _PROGRAM, "./internal/steadyload"], cwd=ROOT / "clients" / "go", check=True,
                   env={"GOTOOLCHAIN": "auto"} | os.environ, timeout=600)


class GoLoad:
    """Begun when it is made."""

    def __init__(self, endpoint: str, rate: float, access: Mapping[str, str]):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PARACLE_CACHE_")}
        self._process = subprocess.Popen(
            [_PROGRAM, "-rate", str(rate)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=clean | {"PARACLE_CACHE_ENDPOINT": endpoint} | _environment(access))
        self._expect("begun")

    def use(self, access: Mapping[str, str]) -> None:
        """From now on, on a new channel."""
        for name, value in _environment(access).items():
            self._process.stdin.write(f"{name}={value}\n")
            self._process.stdin.flush()
            self._expect("used")

    def end(self) -> Report:
        self._process.stdin.close()
        line = self._process.stdout.readline()
        self._process.wait(timeout=60)
        if not line:
            raise RuntimeError(f"steadyload ended with {self._process.returncode} and said nothing")
        return Report(**json.loads(line))

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _expect(self, word: str) -> None:
        said = self._process.stdout.readline().strip()
        if said != word:
            raise RuntimeError(f"steadyload said {said!r} for {word!r}")


def _environment(access: Mapping[str, str]) -> dict[str, str]:
    return {f"PARACLE_CACHE_{name.upper()}": value for name, value in access.items()}

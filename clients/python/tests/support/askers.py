"""A process that asks a decorated function once, for tests of several processes.

    python askers.py CALLS MODEL

The model appends a line to the file CALLS when it is called, so that calls are counted over processes. MODEL: `answer`
takes 200 ms; `hang` never answers. Prints `ready`, waits for a line on its input, asks, prints the answer.
The environment says where the cache is.
"""

# ruff: noqa: ARG001  # what is decorated here uses few of its arguments

import os
import pathlib
import subprocess
import sys
import time

from paracle_cache.decorators import cached_llm_call


def ask_once(calls: pathlib.Path, model: str) -> str:
    @cached_llm_call(provider="p")
    def ask(question: str) -> str:
        with calls.open("a") as log:
            log.write(f"{os.getpid()}\n")
        time.sleep(0.2 if model == "answer" else 600)
        return f"answer of {os.getpid()}"

    return ask("the same")


def main() -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    print(ask_once(pathlib.Path(sys.argv[1]), sys.argv[2]), flush=True)


class Asker:
    """One such process, ready to ask."""

    def __init__(self, calls: pathlib.Path, address: str, namespace: str, model: str = "answer"):
        settings = {
            "PARACLE_CACHE_ENDPOINT": address,
            "PARACLE_CACHE_NAMESPACE": namespace,
            "PARACLE_CACHE_TIMEOUT": "10",
        }
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(calls), model],
            env=os.environ | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        return self.process.communicate(timeout=60)[0].strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


if __name__ == "__main__":
    main()

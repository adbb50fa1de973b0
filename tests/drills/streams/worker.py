"""Processes that do one job after the other, and can be killed or frozen at it."""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from typing import Protocol

from support.server_process import freeze

_SPAWN = multiprocessing.get_context("spawn")  # gRPC does not survive a fork.


def pause(seconds: float) -> None:
    """Lets what was begun go on; nothing depends on how far it gets."""
    time.sleep(seconds)


class Job(Protocol):
    """Pickled on its way there."""

    async def run(self, tell: Callable[[object], None]) -> object:
        """Its result is sent back; what it tells meanwhile, too."""


class Worker:
    def __init__(self):
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def begin(self, job: Job) -> None:
        self._pipe.send(job)

    def await_word(self, word: object, patience: float = 20) -> None:
        kind, said = self._receive(patience)
        if (kind, said) != ("told", word):
            raise RuntimeError(f"a worker said {kind} {said!r} instead of {word!r}")

    def result(self, patience: float = 90) -> object:
        give_up = time.monotonic() + patience
        while True:
            kind, said = self._receive(give_up - time.monotonic())
            if kind == "failed":
                raise RuntimeError(f"a worker failed: {said}")
            if kind == "done":
                return said

    def is_done(self) -> bool:
        """There is something to receive: a job that has told its last word has ended."""
        return self._pipe.poll()

    def _receive(self, patience: float) -> tuple[str, object]:
        if not self._pipe.poll(max(0.0, patience)):
            raise RuntimeError("a worker hangs")
        return self._pipe.recv()

    def freeze(self) -> None:
        freeze(self._process.pid)

    def resume(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


def _serve(pipe) -> None:
    asyncio.run(_work(pipe))


async def _work(pipe) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            job = await loop.run_in_executor(None, pipe.recv)
        except EOFError:
            return
        try:
            pipe.send(("done", await job.run(lambda word: pipe.send(("told", word)))))
        except Exception as error:  # noqa: BLE001: whatever it was, the drill is to end with it.
            pipe.send(("failed", f"{type(error).__name__}: {error}"))

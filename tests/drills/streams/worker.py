"""Processes that do one job after the other, and can be killed or frozen at it."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from ..support.worker import Link, Worker, WorkerFailed


def pause(seconds: float) -> None:
    """Lets what was begun go on; nothing depends on how far it gets."""
    time.sleep(seconds)


class Job(Protocol):
    """Pickled on its way there."""

    async def run(self, tell: Callable[[str], None]) -> object:
        """Its result is sent back; the words that it tells meanwhile, too."""


class JobWorker(Worker):
    def __init__(self) -> None:
        super().__init__(_serve)

    def begin(self, job: Job) -> None:
        self.send(job)

    def await_word(self, word: str, patience: float = 20) -> None:
        said = self.receive(patience)
        if said != ("told", word):
            raise WorkerFailed(f"it said {said!r} instead of {word!r}")

    def result(self, patience: float = 90) -> object:
        give_up = time.monotonic() + patience
        while True:
            kind, said = self.receive(give_up - time.monotonic())
            if kind == "done":
                return said

    def is_done(self) -> bool:
        """Of a job that has told its last word."""
        return self.has_word()


def _serve(link: Link) -> None:
    asyncio.run(_work(link))


async def _work(link: Link) -> None:
    while True:
        job = await link.areceive()
        link.send(("done", await job.run(lambda word: link.send(("told", word)))))

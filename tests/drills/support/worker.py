"""A process of a drill: runs one function, which talks with the drill, and can be killed or frozen at it."""

import asyncio
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

from support.server_process import freeze

_SPAWN = multiprocessing.get_context("spawn")  # gRPC does not survive a fork.


class Link:
    """The worker's end."""

    def __init__(self, pipe: Connection):
        self._pipe = pipe

    def send(self, word: object) -> None:
        self._pipe.send(("said", word))

    def receive(self) -> object:
        """Raises EOFError when the drill has let go."""
        return self._pipe.recv()

    async def areceive(self) -> object:
        return await asyncio.get_running_loop().run_in_executor(None, self._pipe.recv)


class WorkerFailed(Exception):
    """It died, hangs, or raised what the text says."""


class Worker:
    """The drill's end. Not thread-safe."""

    def __init__(self, work: Callable[..., None], *args: object):
        """Runs `work(link, *args)`, of a module that can be imported; all of it is pickled."""
        self._name = work.__name__
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, work, args), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def send(self, word: object) -> None:
        self._pipe.send(word)

    def receive(self, patience: float = 60) -> object:
        """What it says next. Raises WorkerFailed after so many seconds."""
        return self.receive_at(patience)[0]

    def receive_at(self, patience: float = 60) -> tuple[object, float]:
        """The same, and when it had come."""
        if not self._pipe.poll(max(0.0, patience)):
            raise WorkerFailed(f"{self._name} says nothing")
        now = time.monotonic()
        try:
            kind, word = self._pipe.recv()
        except (EOFError, ConnectionError):
            raise WorkerFailed(f"{self._name} died") from None
        if kind == "failed":
            raise WorkerFailed(f"{self._name}: {word}")
        return word, now

    def has_word(self) -> bool:
        return self._pipe.poll()

    def freeze(self) -> None:
        freeze(self.pid)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL; idempotent."""
        self._process.kill()
        self._process.join()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def _serve(pipe: Connection, work: Callable[..., None], args: tuple[object, ...]) -> None:
    try:
        work(Link(pipe), *args)
    except EOFError:
        pass
    except Exception:  # whatever it was, the drill is to end with it
        pipe.send(("failed", traceback.format_exc()))

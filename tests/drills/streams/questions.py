"""What is asked, and the log of the model calls that it cost."""

import dataclasses
import hashlib
import os
import pathlib

from paracle_cache._proto import cache_pb2

from . import clocks
from .answers import Shape


@dataclasses.dataclass(frozen=True)
class Question:
    name: str
    shape: Shape

    @property
    def entry(self) -> cache_pb2.EntryRef:
        return cache_pb2.EntryRef(digest=hashlib.sha256(self.name.encode()).digest(), provider="p", model="m")


class CallLog:
    """Model calls of all processes. A call is in it before its first chunk is sent: a killed caller's counts."""

    def __init__(self, path: str):
        self.path = path
        pathlib.Path(path).touch()

    def add(self, question: Question, call: str) -> None:
        # One write in append mode: lines of several processes do not mix.
        log = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        os.write(log, f"{question.name} {call} {clocks.now()}\n".encode())
        os.close(log)

    def of(self, question: Question) -> list[str]:
        """In their order."""
        return [call for call, _ in self._of(question)]

    def begun(self, question: Question) -> list[float]:
        """When each began."""
        return [moment for _, moment in self._of(question)]

    def _of(self, question: Question) -> list[tuple[str, float]]:
        lines = (line.split() for line in pathlib.Path(self.path).read_text().splitlines())
        return [(call, float(moment)) for name, call, moment in lines if name == question.name]

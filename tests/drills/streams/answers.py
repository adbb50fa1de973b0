"""Answers that tell what became of them.

Each chunk of an answer names its model call, its place in the answer and when it was sent, so that a reader can tell a
whole answer of one call from a part of one and from a mixture of two, and how late a chunk is.
"""

import dataclasses
import secrets
import time
from collections.abc import AsyncIterator

from . import clocks

_HEAD = len(b"0123456789abcdef 000000 00000000000000000000 ")


@dataclasses.dataclass(frozen=True)
class Shape:
    """How long an answer is, and how fast it comes."""

    chunks: int
    per_second: float = 20
    chunk_bytes: int = 64

    @property
    def seconds(self) -> float:
        return self.chunks / self.per_second


async def chunks_of(call: str, shape: Shape) -> AsyncIterator[bytes]:
    """What the model says. Small delays are made up for; who was stopped goes on at the usual pace."""
    due = clocks.now()
    padding = b"." * (shape.chunk_bytes - _HEAD - 1) + b"\n"
    for number in range(shape.chunks):
        await clocks.sleep_until(due)
        due = max(due, clocks.now() - 0.5 / shape.per_second) + 1 / shape.per_second
        yield f"{call} {number:06d} {time.time_ns():020d} ".encode() + padding


def new_call() -> str:
    return secrets.token_hex(8)


class NotWhole(Exception):
    """It is a part of an answer, or of several."""


def call_of(payload: bytes, shape: Shape) -> str:
    """The call whose whole answer this is. Raises NotWhole."""
    lines = payload.splitlines(keepends=True)
    if len(lines) != shape.chunks:
        raise NotWhole(f"{len(lines)} of {shape.chunks} chunks")
    calls = {line[:16].decode() for line in lines}
    if len(calls) != 1:
        raise NotWhole(f"spliced from the calls {sorted(calls)}")
    places = [line[17:23] for line in lines]
    if places != [b"%06d" % number for number in range(shape.chunks)] or any(
        len(line) != shape.chunk_bytes for line in lines
    ):
        raise NotWhole("chunks out of order, or not as they were sent")
    return calls.pop()

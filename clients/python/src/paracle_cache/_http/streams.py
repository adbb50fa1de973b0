"""Bodies of responses, as the clients of httpx read them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Protocol

from .recording import Recording


class ByteStream(Protocol):
    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...


class AsyncByteStream(Protocol):
    def __aiter__(self) -> AsyncIterator[bytes]: ...
    async def aclose(self) -> None: ...


class Replay:
    """Gives pieces that are there already, to sync and async readers."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


class Recorder:
    """Gives each piece as it comes, and has the recording stored when the reader is done.

    The clients close a response that was read to its end, one that failed and one that its reader leaves.
    """

    def __init__(
        self, upstream: ByteStream, recording: Recording, store: Callable[[Recording], object]
    ) -> None:
        self._upstream = upstream
        self._recording = recording
        self._store = store

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._upstream:
                self._recording.add(piece)
                yield piece
            self._recording.end()
        except GeneratorExit:
            raise
        except BaseException:
            self._recording.drop()
            raise

    def close(self) -> None:
        try:
            self._upstream.close()
        except BaseException:
            self._recording.drop()
            raise
        self._store(self._recording)


class AsyncRecorder:
    """`Recorder` for async readers."""

    def __init__(
        self, upstream: AsyncByteStream, recording: Recording, store: Callable[[Recording], Awaitable[object]]
    ) -> None:
        self._upstream = upstream
        self._recording = recording
        self._store = store

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._upstream:
                self._recording.add(piece)
                yield piece
            self._recording.end()
        except GeneratorExit:
            raise
        except BaseException:
            self._recording.drop()
            raise

    async def aclose(self) -> None:
        try:
            await self._upstream.aclose()
        except BaseException:
            self._recording.drop()
            raise
        await self._store(self._recording)

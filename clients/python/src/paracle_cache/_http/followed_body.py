"""The body of a response that somebody else's call makes, gone on with by another call where that breaks off."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from .._failsafe.async_streams import AsyncFollowing
from .._failsafe.following import Broken, Following

_DIFFERS = "the stream that was followed broke off, and another answer begins differently"


class FollowedBody:
    """Gives each piece as it was recorded. For one reader.

    Bounded as every entry is: it remembers what the service lets be recorded.
    """

    def __init__(
        self,
        following: Following,
        begun: bytes,
        anew: Callable[[bool], Any],
        broken: Callable[[str], Exception],
    ) -> None:
        """begun: of the body, what came already. anew: another response to the same request, from the
        cache or only from the provider."""
        self._following = following
        self._begun = begun
        self._anew = anew
        self._broken = broken
        self._other: Any = None

    def __iter__(self) -> Iterator[bytes]:
        given = _Given(self._broken)
        try:
            if self._begun:
                yield given.add(self._begun)
            while (piece := self._following.next()) is not None:
                yield given.add(piece)
            return
        except Broken as why:
            broken = why
        self._other = self._anew(broken.ask_again)
        given.check_status(self._other, broken)
        for piece in self._other.iter_bytes():
            if new := given.behind(piece):
                yield new
        given.end()

    def close(self) -> None:
        self._following.close()
        if self._other is not None:
            self._other.close()


class AsyncFollowedBody:
    """`FollowedBody` for async readers."""

    def __init__(
        self,
        following: AsyncFollowing,
        begun: bytes,
        anew: Callable[[bool], Awaitable[Any]],
        broken: Callable[[str], Exception],
    ) -> None:
        self._following = following
        self._begun = begun
        self._anew = anew
        self._broken = broken
        self._other: Any = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        given = _Given(self._broken)
        try:
            if self._begun:
                yield given.add(self._begun)
            while (piece := await self._following.next()) is not None:
                yield given.add(piece)
            return
        except Broken as why:
            broken = why
        self._other = await self._anew(broken.ask_again)
        given.check_status(self._other, broken)
        async for piece in self._other.aiter_bytes():
            if new := given.behind(piece):
                yield new
        given.end()

    async def aclose(self) -> None:
        self._following.close()
        if self._other is not None:
            await self._other.aclose()


class _Given:
    """The bytes that were given to the reader, which another answer must begin with."""

    def __init__(self, broken: Callable[[str], Exception]) -> None:
        self._broken = broken
        self._bytes = bytearray()
        self._compared = 0

    def add(self, piece: bytes) -> bytes:
        self._bytes += piece
        return piece

    def check_status(self, response: Any, reason: Broken) -> None:
        if response.status_code != 200:
            answered = f"another call was answered with {response.status_code}"
            raise self._broken(f"the stream that was followed broke off ({reason}), and {answered}")

    def behind(self, piece: bytes) -> bytes:
        """What of the next piece of another answer was not given yet."""
        known = self._bytes[self._compared : self._compared + len(piece)]
        if piece[: len(known)] != known:
            raise self._broken(_DIFFERS)
        self._compared += len(known)
        return piece[len(known) :]

    def end(self) -> None:
        if self._compared < len(self._bytes):
            raise self._broken(_DIFFERS)

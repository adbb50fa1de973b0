"""Gives the items of a stream that somebody else's call makes, and goes on with another call where that breaks off."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator
from typing import Any

from .._failsafe.async_streams import AsyncFollowing
from .._failsafe.following import Broken, Following
from .._values import json_values
from ..errors import StreamBroken

MOST_TAKEOVERS = 10
"""How often a stream that broke off is looked for elsewhere before the function is called without the cache."""


class Given:
    """What was given to one reader of what broke off since: any other answer must begin so. Not thread-safe.

    Bounded as every entry is: it holds what the service lets be recorded.
    """

    def __init__(self) -> None:
        self._texts: list[bytes] = []

    def follow(self, following: Following) -> Iterator[Any]:
        """The items behind those that were given. Raises Broken, StreamBroken."""
        reading = _Reading(self._texts)
        while (chunk := following.next()) is not None:
            yield from reading.items(chunk)
        reading.end()

    async def follow_async(self, following: AsyncFollowing) -> AsyncGenerator[Any, None]:
        """The same."""
        reading = _Reading(self._texts)
        while (chunk := await following.next()) is not None:
            for item in reading.items(chunk):
                yield item
        reading.end()

    def rest(self, items: Iterable[Any]) -> Iterator[Any]:
        """What stands in `items`, which are all, behind those that were given. Raises StreamBroken."""
        all_items = iter(items)
        for text in self._texts:
            _check(text, next(all_items, _NOTHING))
        return all_items

    def behind(self, source: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """What `source` yields behind those that were given, and what it returns. Raises StreamBroken."""
        with contextlib.closing(source):
            for text in self._texts:
                _check(text, next(source, _NOTHING))
            return (yield from source)

    async def behind_async(self, source: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        """The same."""
        async with contextlib.aclosing(source):
            for text in self._texts:
                _check(text, await anext(source, _NOTHING))
            async for item in source:
                yield item


class _Reading:
    """Reads the chunks of one recording: `[` and an item, then `,` and an item each, then `]`."""

    def __init__(self, texts: list[bytes]) -> None:
        self._texts = texts
        self._known = len(texts)
        self._count = 0
        self._open: bytes = b"["
        self._has_ended = False

    def items(self, chunk: bytes) -> Iterator[Any]:
        """One item, or none."""
        mark, text = chunk[:1], chunk[1:]
        if chunk == b"]" and self._open == b"," and not self._has_ended:
            self._has_ended = True
            return
        if mark != self._open or self._has_ended:
            raise Broken("what is recorded is no stream of a generator")
        self._open = b","
        if text:
            yield from self._item(text)

    def end(self) -> None:
        if not self._has_ended:
            raise Broken("what is recorded is no stream of a generator")
        if self._count < self._known:
            raise StreamBroken(_DIFFERS)

    def _item(self, text: bytes) -> Iterator[Any]:
        try:
            item = json_values.decode(text)
        except json_values.Unreadable as error:
            raise Broken(f"an item is not JSON: {error}") from None
        self._count += 1
        if self._count <= self._known:
            _check(self._texts[self._count - 1], item)
        else:
            self._texts.append(text)
            yield item


_NOTHING = object()
_DIFFERS = "the stream that was followed broke off, and another call of the function begins differently"


def _check(text: bytes, item: Any) -> None:
    with contextlib.suppress(json_values.NotJson, json_values.Unreadable):
        if item is not _NOTHING and json_values.encode(item) == json_values.encode(json_values.decode(text)):
            return
    raise StreamBroken(_DIFFERS)

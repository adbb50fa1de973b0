"""Copies a response's body beside its reader, and makes an entry of it when it was whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .._failsafe.held import Held
from ..key import EntryId
from ..results import Miss, Origin
from . import reading, stored_response
from .policy import Policy

_ENCODINGS = ("", "gzip", "deflate", "br", "zstd")

Decode = Callable[[str, list[bytes]], Iterator[bytes]]
"""From a `content-encoding` and the pieces of a body to the pieces of what was encoded."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is being answered."""

    entry: EntryId
    found: Miss | Held
    began: float
    """When it was sent, in seconds of `time.monotonic`."""

    @property
    def lease(self) -> Held | None:
        """The lease under which it is answered."""
        return self.found if isinstance(self.found, Held) else None


@dataclass(frozen=True, slots=True)
class Filled:
    """What to store: the arguments of the cache's `store`."""

    entry: EntryId
    payload: bytes
    told: dict[str, Any]


class Recording:
    """The copy of one body. For one reader: not thread-safe.

    limit: bytes of an entry; a body over it is not copied further.
    """

    def __init__(
        self, question: Question, policy: Policy, headers: list[tuple[str, str]], limit: int, decode: Decode
    ) -> None:
        self._question = question
        self.lease = question.lease
        """Under which it is answered. What is recorded under it, others follow."""
        self._policy = policy
        self._decode = decode
        self._headers = headers
        self._limit = limit
        self._pieces: list[bytes] | None = []
        self.size = 0
        self._ended = False
        self._last = question.began

    def add(self, piece: bytes) -> None:
        if self._pieces is None:
            return
        self._last = time.monotonic()
        self.size += len(piece)
        if self.size > self._limit:
            self.drop()
        else:
            self._pieces.append(piece)
            if self.lease is not None and self.lease.recording is not None:
                self.lease.recording.add(piece)

    def begin(self, record: Callable[[Held, str], object]) -> None:
        """Lets others follow it piece by piece, if it is an event stream and not encoded. record: the cache's."""
        is_stream = stored_response.is_event_stream(self._header("content-type"))
        if self.lease is None or not is_stream or self._header("content-encoding"):
            return
        record(self.lease, stored_response.MEDIA_TYPE)
        if self.lease.recording is not None:
            self.lease.recording.add(stored_response.stream_head(self._headers))

    def end(self) -> None:
        """The provider ended the body."""
        self._ended = True

    def drop(self) -> None:
        """The body will not be stored: it broke off, or is too large."""
        self._pieces = None
        if self.lease is not None:
            self.lease.give_back()

    def take(self) -> Filled | None:
        """What to store, once: the reader is done. None: nothing. Nothing is raised."""
        pieces, self._pieces = self._pieces, None
        if pieces is None:
            return None
        body = self._decoded(pieces)
        found = body and reading.read(self._header("content-type"), body, at_end=self._ended)
        if not body or not found or not found.verdict.known:
            return None
        payload = stored_response.dump(self._headers, body)
        if len(payload) > self._limit:
            return None
        entry, latency = self._question.entry, self._last - self._question.began
        origin = self._policy.origin_if_wanted(found.answer, found.verdict, entry.model, latency)
        return Filled(entry, payload, self._told(origin)) if origin else None

    def _told(self, origin: Origin) -> dict[str, Any]:
        return {
            "content_type": stored_response.MEDIA_TYPE,
            "fill_token": self._question.found.fill_token,
            "lease": self.lease,
            "origin": origin,
            "ttl": self._policy.ttl,
            "tags": self._policy.tags,
        }

    def _decoded(self, pieces: list[bytes]) -> bytes | None:
        encoding = self._header("content-encoding").strip().lower()
        if encoding not in _ENCODINGS:
            return None
        body = bytearray()
        try:
            for piece in self._decode(encoding, pieces):
                body += piece
                if len(body) > self._limit:
                    return None
        except Exception:  # noqa: BLE001  # whatever a decoder raises, the reader meets it itself
            return None
        # A library without the decoder gives back what it got.
        return None if encoding and body == b"".join(pieces) else bytes(body)

    def _header(self, name: str) -> str:
        return ", ".join(value for known, value in self._headers if known.lower() == name)

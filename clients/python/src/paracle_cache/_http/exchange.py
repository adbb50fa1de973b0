"""One request through a caching transport, without I/O: sync and async transports carry out its steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Union

from .._failsafe.async_streams import AsyncFollowing
from .._failsafe.following import Following
from .._failsafe.held import Held
from .._log import warn_once
from ..key import KeyRefused
from ..results import Hit, Miss
from . import sse, stored_response
from .cacheable import Asked, is_asked, question_of, size_of
from .flavour import Flavour, Request, RequestT, ResponseT
from .policy import Policy
from .recording import Question, Recording

HEADER = "x-paracle-cache"


@dataclass(frozen=True, slots=True)
class LookUp:
    """To be answered with what the cache's `claim`, `claim_stream` or `lookup` returns."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class Derive:
    """To be answered with what `question` returns. It takes about 20 ms for each MiB of `size`."""

    question: Callable[[], Asked | None]
    size: int


@dataclass(frozen=True, slots=True)
class Read:
    """To be answered with what `next` of the stream returns; None also when it broke."""

    following: Following | AsyncFollowing


@dataclass(frozen=True, slots=True)
class Send(Generic[RequestT]):
    """To be answered with the provider's response."""

    request: RequestT


Step = Union[LookUp, Derive, Read, Send[RequestT]]  # noqa: UP007  # `|` of a generic alias fails in Python 3.10
Steps = Generator[Step[RequestT], Any, ResponseT]
Record = Callable[[ResponseT, Question], Any]
"""From a response and what it answers to the stream that replaces its own."""
Follow = Callable[[Any, bytes], Any]
"""From what is followed, and what of its body has come, to the stream of a response."""


@dataclass(frozen=True, slots=True)
class Exchange(Generic[RequestT, ResponseT]):
    """How the requests of one transport are answered. Immutable and thread-safe."""

    flavour: Flavour[RequestT, ResponseT]
    policy: Policy

    def steps(
        self, request: RequestT, record: Record[ResponseT], follow: Follow, *, enabled: bool
    ) -> Steps[RequestT, ResponseT]:
        """From a request to its response; raises only what the provider's transport raises."""
        bypassed = self._is_bypassed(request)
        outgoing = request if HEADER not in request.headers else self._without_directive(request)
        if not is_asked(request):
            passed: ResponseT = yield Send(outgoing)
            return passed
        asked: Asked | None = None
        found: Hit | Miss | Held | Following | AsyncFollowing | None = None
        if enabled and not bypassed:
            asked = yield Derive(partial(self._question, request), size_of(request))
        if asked is not None:
            found = yield LookUp(asked)
        if isinstance(found, Hit) and (replayed := self._replayed(found)) is not None:
            return replayed
        if isinstance(found, Following | AsyncFollowing):
            begun = yield from self._begin_following(found)
            if begun is not None:
                return self._followed(begun[0], follow(found, begun[1]))
            found.close()
        began = time.monotonic()
        response: ResponseT = yield Send(outgoing)
        response.headers[HEADER] = "bypass" if found is None else "miss"
        # A Hit that cannot be replayed stays until it expires: without a fill token, an answer older than an
        # invalidation could replace it.
        if asked is not None and isinstance(found, Miss | Held) and response.status_code == 200:
            return self._recorded(response, record(response, Question(asked.entry, found, began)))
        return response

    def _begin_following(
        self, following: Following | AsyncFollowing
    ) -> Generator[Step[RequestT], Any, tuple[stored_response.Headers, bytes] | None]:
        """The headers, and what of the body came with them; None: it is not to be had."""
        if following.content_type != stored_response.MEDIA_TYPE:
            return None
        begun = b""
        while len(begun) < stored_response.MAX_HEAD:
            piece = yield Read(following)
            if piece is None:
                return None
            begun += piece
            if (found := stored_response.parse_head(begun)) is not None:
                headers, length = found
                return stored_response.shared(headers), begun[length:]
        return None

    def _followed(self, headers: stored_response.Headers, stream: Any) -> ResponseT:
        return self.flavour.response(200, headers=[*headers, (HEADER, "hit")], stream=stream)

    def _recorded(self, response: ResponseT, stream: Any) -> ResponseT:
        if response.is_closed:
            # Its body is in memory, as from a MockTransport: no client would read our stream.
            headers, extensions = response.headers.multi_items(), response.extensions
            return self.flavour.response(200, headers=headers, stream=stream, extensions=extensions)
        response.stream = stream
        return response

    def recording(self, response: ResponseT, question: Question, limit: int) -> Recording:
        return Recording(question, self.policy, response.headers.multi_items(), limit, self._decode)

    def _decode(self, encoding: str, pieces: list[bytes]) -> Iterator[bytes]:
        # With what the library itself decodes by, so that the entry is what its reader sees.
        if not encoding:
            return iter(pieces)
        headers = {"content-encoding": encoding}
        return self.flavour.response(200, headers=headers, stream=self.flavour.replay(pieces)).iter_bytes()

    def _is_bypassed(self, request: Request) -> bool:
        value = str(request.headers.get(HEADER, "")).strip().lower()
        if value not in ("", "bypass"):
            warn_once(f"header {HEADER}: {value[:40]!r} has no effect; bypass is accepted")
        return value == "bypass"

    def _question(self, request: Request) -> Asked | None:
        try:
            return question_of(request)
        except KeyRefused as refused:
            warn_once(f"not cached: {str(refused)[:200]}")
        except Exception as error:  # noqa: BLE001  # the promise of this layer
            warn_once(f"not cached: {type(error).__name__}")
        return None

    def _without_directive(self, request: RequestT) -> RequestT:
        # A copy: the caller may send its request again.
        headers = [(name, value) for name, value in request.headers.multi_items() if name.lower() != HEADER]
        try:
            body: dict[str, Any] = {"content": request.content}
        except RuntimeError:  # not in memory
            body = {"stream": request.stream}
        kept = {"headers": headers, "extensions": request.extensions}
        return self.flavour.request(request.method, request.url, **body, **kept)

    def _replayed(self, hit: Hit) -> ResponseT | None:
        if hit.content_type != stored_response.MEDIA_TYPE:
            return None
        stored = stored_response.parse(hit.payload)
        if stored is None:
            return None
        streams = stored_response.is_event_stream(stored_response.content_type_of(stored.headers))
        pieces = sse.split(stored.body) if streams else [stored.body]
        headers = [*stored.headers, ("content-length", str(len(stored.body))), (HEADER, "hit")]
        return self.flavour.response(200, headers=headers, stream=self.flavour.replay(pieces))

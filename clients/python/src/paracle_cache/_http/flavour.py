"""What httpx and httpx2 have in common, as far as the transports use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar


class Headers(Protocol):
    """Names are compared without regard to case."""

    def multi_items(self) -> list[tuple[str, str]]: ...
    def get(self, key: str, default: str) -> Any: ...
    def __contains__(self, key: Any) -> bool: ...
    def __setitem__(self, key: str, value: str) -> None: ...


class Url(Protocol):
    @property
    def netloc(self) -> bytes:
        """Lower case, with the port unless it is the scheme's default."""

    @property
    def raw_path(self) -> bytes:
        """Escaped, with the query."""


class Request(Protocol):
    @property
    def method(self) -> str: ...
    @property
    def url(self) -> Url: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def content(self) -> bytes:
        """Raises a RuntimeError when the body is not in memory."""

    @property
    def stream(self) -> Any: ...
    @property
    def extensions(self) -> Any: ...


class Response(Protocol):
    """Async ones have `aiter_bytes` and `aclose` as well."""

    stream: Any
    is_closed: bool
    extensions: dict[str, Any]

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Headers: ...
    def iter_bytes(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...


RequestT = TypeVar("RequestT", bound=Request)
ResponseT = TypeVar("ResponseT", bound=Response)
RequestIn = TypeVar("RequestIn", bound=Request, contravariant=True)
ResponseOut = TypeVar("ResponseOut", bound=Response, covariant=True)


class Sender(Protocol[RequestIn, ResponseOut]):
    """A sync transport."""

    def handle_request(self, request: RequestIn) -> ResponseOut: ...
    def __enter__(self) -> Any: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None: ...
    def close(self) -> None: ...


class AsyncSender(Protocol[RequestIn, ResponseOut]):
    """An async transport."""

    async def handle_async_request(self, request: RequestIn) -> ResponseOut: ...
    async def __aenter__(self) -> Any: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None: ...
    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Flavour(Generic[RequestT, ResponseT]):
    """The classes of one of the two libraries, and ours that must be derived from its own."""

    request: Callable[..., RequestT]
    response: Callable[..., ResponseT]
    sender: Callable[[], Sender[RequestT, ResponseT]]
    async_sender: Callable[[], AsyncSender[RequestT, ResponseT]]
    replay: Callable[..., Any]
    recorder: Callable[..., Any]
    async_recorder: Callable[..., Any]
    followed: Callable[..., Any]
    async_followed: Callable[..., Any]
    broken: Callable[[str], Exception]
    """What a reader meets when the provider's connection breaks."""

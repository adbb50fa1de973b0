"""What `Client` raises. The layers above it raise none of these but StreamBroken.

CacheError                 anything that the cache or the way to it did
  Unavailable              not reachable, draining, or no tier can answer
  TimedOut                 no answer within the timeout
  InvalidArgument          the server refuses the request; `message` names the field
  FailedPrecondition       STALE_FILL_TOKEN, LEASE_LOST: nothing was stored, do not retry
  Unauthenticated          no token, or an unknown one
  PermissionDenied         not for this identity
  ResourceExhausted        overload (with `retry_after`), or too large
  Unimplemented            this server does not have it
  Cancelled                the call was cancelled
  Aborted                  the answer that was followed broke off, and nobody is at it any more
  Disabled                 the cache is off (PARACLE_CACHE_ENABLED), and this needs a server
  ClientClosed             the client was closed
SettingsError (ValueError) a setting cannot be read; raised when a client is made
StreamBroken (RuntimeError) an answer that was followed broke off, and cannot be gone on with; see below
WrongLoop (RuntimeError)   an aio client is used on another event loop than its own
"""

from __future__ import annotations

import grpc
from google.protobuf.message import DecodeError

from ._proto import error_details_pb2 as details_pb

_DOMAIN = "cache.paracle"
FORKED = "FORKED"  # The reason of what a fork did, in the parent or in the child.
_DETAILS = "grpc-status-details-bin"


class CacheError(Exception):
    """The cache did not answer as asked. `code` is gRPC's; `reason` the server's stable word for it, or ""."""

    def __init__(
        self, code: grpc.StatusCode, message: str, reason: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(f"{code.name}{f' ({reason})' if reason else ''}: {message}")
        self.code = code
        self.message = message
        self.reason = reason
        self.retry_after = retry_after
        """Seconds after which a retry makes sense; None: the server did not say."""


class Unavailable(CacheError):
    """Not reachable, draining, or no tier can answer."""


class TimedOut(CacheError):
    """No answer within the timeout."""


class InvalidArgument(CacheError):
    """The request is malformed or over a limit; `message` names the field."""


class FailedPrecondition(CacheError):
    """The fill token or lease is no longer good. Nothing was stored. Do not retry."""


class Unauthenticated(CacheError):
    """No token, or an unknown one."""


class PermissionDenied(CacheError):
    """This identity may not use this namespace or this RPC."""


class ResourceExhausted(CacheError):
    """Overload, then with `retry_after`; else too large."""


class Unimplemented(CacheError):
    """The server does not have this RPC or feature."""


class Cancelled(CacheError):
    """The call was cancelled, by the caller or by a server that is draining."""


class Aborted(CacheError):
    """The answer that was followed broke off, and nobody is at it any more: ask with a lease again."""


class Disabled(CacheError):
    """The cache is off, and this needs a server."""

    def __init__(self) -> None:
        super().__init__(grpc.StatusCode.FAILED_PRECONDITION, "PARACLE_CACHE_ENABLED is false", "DISABLED")


class ClientClosed(CacheError):
    """The client was closed."""

    def __init__(self) -> None:
        super().__init__(grpc.StatusCode.CANCELLED, "the client is closed", "CLIENT_CLOSED")


class SettingsError(ValueError):
    """A setting cannot be read. The message names it, its value, and what is accepted."""


class WrongLoop(RuntimeError):
    """An aio client belongs to the event loop that it was first used on."""


class StreamBroken(RuntimeError):
    """A decorated generator gave a part of an answer that somebody else was making, and that broke off.

    The function was called anew, and its answer begins differently, so it cannot be gone on with behind that part. It
    is as if the provider's connection had broken: ask again. What was given is not an answer.
    """


_CLASSES: dict[grpc.StatusCode, type[CacheError]] = {
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: TimedOut,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.UNIMPLEMENTED: Unimplemented,
    grpc.StatusCode.CANCELLED: Cancelled,
    grpc.StatusCode.ABORTED: Aborted,
}
_BY_NUMBER: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


def from_number(code: int, message: str, reason: str) -> CacheError:
    """The error that one item of a batch carries; `code` is a google.rpc.Code."""
    known = _BY_NUMBER.get(code, grpc.StatusCode.UNKNOWN)
    return _CLASSES.get(known, CacheError)(known, message, reason)


def from_rpc(error: grpc.RpcError) -> CacheError:
    """The typed form of what a grpc or grpc.aio call raised."""
    code = error.code()
    reason, retry_after = _read_details(error.trailing_metadata() or ())
    return _CLASSES.get(code, CacheError)(code, error.details() or "", reason, retry_after)


def interrupted(closed: bool) -> CacheError:
    """What became of a call whose channel was closed under it: by `close`, or before a fork."""
    if closed:
        return ClientClosed()
    return Cancelled(grpc.StatusCode.CANCELLED, "ended by a fork of this process", FORKED)


def _read_details(metadata: object) -> tuple[str, float | None]:
    reason, retry_after = "", None
    for name, value in metadata:  # type: ignore[attr-defined]
        if name != _DETAILS:
            continue
        try:
            for detail in details_pb.Status.FromString(value).details:
                if detail.type_url.endswith("/google.rpc.ErrorInfo"):
                    info = details_pb.ErrorInfo.FromString(detail.value)
                    reason = info.reason if info.domain == _DOMAIN else reason
                elif detail.type_url.endswith("/google.rpc.RetryInfo"):
                    delay = details_pb.RetryInfo.FromString(detail.value).retry_delay
                    retry_after = delay.seconds + delay.nanos / 1e9
        except DecodeError:
            pass  # A proxy's own details: code and message are enough.
    return reason, retry_after

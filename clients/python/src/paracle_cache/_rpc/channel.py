"""How a channel to the cache is made: target, credentials, options, service config."""

import json
import pathlib
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio

from .. import _fork
from .._proto.admin_pb2_grpc import AdminServiceStub
from .._proto.cache_pb2_grpc import CacheServiceStub
from .._settings import ClientSettings
from ..errors import FORKED, ClientClosed, Disabled, SettingsError, Unavailable

_SERVICES = ("paracle.cache.v1.CacheService", "paracle.cache.v1.AdminService")

SERVICE_CONFIG = json.dumps(
    {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": ""},
        "methodConfig": [
            {
                "name": [{"service": service} for service in _SERVICES],
                "retryPolicy": {
                    "maxAttempts": 3,
                    "initialBackoff": "0.02s",
                    "maxBackoff": "0.2s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ],
        "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
    }
)


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """All that is needed to open a channel, read once: opening again cannot fail on a file."""

    target: str
    credentials: grpc.ChannelCredentials | None
    options: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, settings: ClientSettings, version: str) -> "ChannelPlan":
        """Raises SettingsError for a certificate that cannot be read."""
        return cls(settings.endpoint, _credentials(settings), _options(version))

    def open(self) -> grpc.Channel:
        if self.credentials is None:
            return grpc.insecure_channel(self.target, self.options)
        return grpc.secure_channel(self.target, self.credentials, self.options)

    def open_aio(self) -> grpc.aio.Channel:
        if self.credentials is None:
            return grpc.aio.insecure_channel(self.target, self.options)
        return grpc.aio.secure_channel(self.target, self.credentials, self.options)


class Rpcs:
    """The RPCs over one channel, made once: making one costs as much as calling it."""

    def __init__(self, channel: Any):
        self.channel = channel
        cache, admin = CacheServiceStub(channel), AdminServiceStub(channel)  # type: ignore[no-untyped-call]
        self.get = cache.Get
        self.set = cache.Set
        self.batch_get = cache.BatchGet
        self.batch_set = cache.BatchSet
        self.invalidate = cache.Invalidate
        self.clear = cache.Clear
        self.renew_lease = cache.RenewLease
        self.release_lease = cache.ReleaseLease
        self.record = cache.Record
        self.follow = cache.Follow
        self.get_stats = admin.GetStats
        self.reset_stats = admin.ResetStats
        self.get_config = admin.GetConfig
        # HealthCheckRequest of the whole server is empty; not worth a dependency on grpcio-health-checking.
        self.check_health = channel.unary_unary("/grpc.health.v1.Health/Check")


HEALTH_REQUEST = b""
SERVING = b"\x08\x01"  # HealthCheckResponse{status: SERVING}


def check_usable(enabled: bool, closed: bool) -> None:
    """Raises what a client says instead of opening a channel."""
    if not enabled:
        raise Disabled
    if closed:
        raise ClientClosed
    if _fork.unusable:
        message = f"not in this forked process: {_fork.unusable}"
        raise Unavailable(grpc.StatusCode.UNAVAILABLE, message, FORKED)


def call_metadata(settings: ClientSettings) -> tuple[tuple[str, str], ...]:
    """What every call carries."""
    return () if settings.token is None else (("authorization", f"Bearer {settings.token}"),)


def _credentials(settings: ClientSettings) -> grpc.ChannelCredentials | None:
    if settings.cacert is None:
        return None
    root = _read("cacert", settings.cacert)
    if settings.cert is None or settings.key is None:
        return grpc.ssl_channel_credentials(root)
    return grpc.ssl_channel_credentials(root, _read("key", settings.key), _read("cert", settings.cert))


def _read(name: str, path: str) -> bytes:
    try:
        content = pathlib.Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(f"{name}={path!r}: {error.strerror}; accepted is a PEM file") from None
    if b"-----BEGIN " not in content:
        raise SettingsError(f"{name}={path!r}: holds no PEM; accepted is a PEM file")
    return content


def _options(version: str) -> tuple[tuple[str, Any], ...]:
    return (
        ("grpc.primary_user_agent", f"paracle-cache-python/{version}"),
        ("grpc.service_config", SERVICE_CONFIG),
        # What our service config says holds, whatever a DNS TXT record says.
        ("grpc.service_config_disable_resolution", 1),
        # The server bounds entries, and an operator may raise that bound.
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
        # A restarted server is found again within a second.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),
        # So is one that was replaced: gRPC's own 30 s between two lookups of a name are long enough for a rolling
        # restart to replace every server that this channel knows of.
        ("grpc.dns_min_time_between_resolutions_ms", 1000),
        # A peer that vanished without a word is noticed by the unacknowledged bytes (TCP_USER_TIMEOUT, which gRPC sets
        # with keepalive). Servers refuse pings more often than every five minutes.
        ("grpc.keepalive_time_ms", 360_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        # A connection belongs to one channel: after a fork, a channel of the child must not find its parent's socket.
        ("grpc.use_local_subchannel_pool", 1),
    )

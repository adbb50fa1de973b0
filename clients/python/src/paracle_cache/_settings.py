"""The settings of a client: code wins over the environment, the environment over defaults. Read nowhere else."""

import ipaddress
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import SettingsError

_PREFIX = "PARACLE_CACHE_"


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How to reach the cache and what to ask of it. `from_env` is the way to make one."""

    endpoint: str = "localhost:50051"
    namespace: str = "default"
    token: str | None = field(default=None, repr=False)
    cacert: str | None = None
    cert: str | None = None
    key: str | None = None
    ttl: float | None = None
    enabled: bool = True
    timeout: float = 0.5
    lease_wait: float = 120.0

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **options: Any) -> "ClientSettings":
        """`options` that are not None, then PARACLE_CACHE_*, then defaults. An empty variable counts as unset.

        Raises SettingsError, which names the option or variable, its value, and what is accepted.
        """
        source = os.environ if environ is None else environ
        values: dict[str, Any] = {name: _resolve(name, options.pop(name, None), source) for name in _READERS}
        if options:
            raise TypeError(f"unknown option {next(iter(options))!r}")
        settings = cls(**{name: value for name, value in values.items() if value is not None})
        _check_together(settings)
        return settings


def is_local(endpoint: str) -> bool:
    """Whether what is sent to `endpoint` stays on this machine: a unix socket, or a loopback address."""
    if _UNIX.match(endpoint):
        return True
    host = _host(endpoint)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _resolve(name: str, option: object, environ: Mapping[str, str]) -> object:
    read, accepted = _READERS[name]
    culprit, value = name, option
    if value is None:
        culprit = _PREFIX + name.upper()
        value = environ.get(culprit) or None
    if value is None:
        return None
    try:
        return read(value)
    except (KeyError, TypeError, ValueError):
        shown = "***" if name == "token" else repr(value)
        raise SettingsError(f"{culprit}={shown}: accepted is {accepted}") from None


def _check_together(settings: ClientSettings) -> None:
    if (settings.cert is None) != (settings.key is None):
        raise SettingsError(f"cert={settings.cert!r} and key={settings.key!r}: accepted are both or neither")
    if settings.cert is not None and settings.cacert is None:
        raise SettingsError("cacert=None: accepted with cert and key is the PEM file of the server's CA")
    if settings.token is not None and settings.cacert is None and not is_local(settings.endpoint):
        raise SettingsError(
            f"endpoint={settings.endpoint!r}: the token would travel in the clear; accepted with a token is TLS "
            f"(cacert, {_PREFIX}CACERT), a unix socket or a loopback address"
        )


_UNIX = re.compile(r"unix(-abstract)?:.")
_SCHEME = re.compile(r"dns:(//[^/]*/)?|ipv4:|ipv6:")
_HOST_AND_PORT = re.compile(r"(?:\[(?P<v6>[^][]+)\]|(?P<name>[^][:/\s]+)):(?P<port>\d{1,5})")


def _host(endpoint: str) -> str | None:
    found = _HOST_AND_PORT.fullmatch(_SCHEME.sub("", endpoint, count=1))
    if found is None or not 1 <= int(found["port"]) <= 65535:
        return None
    return found["v6"] or found["name"]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _matching(pattern: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not re.fullmatch(pattern, _text(value)):
            raise ValueError
        return _text(value)

    return read


def _endpoint(value: object) -> str:
    text = _text(value)
    if not _UNIX.match(text) and _host(text) is None:
        raise ValueError
    return text


def _path(value: object) -> str:
    return os.fspath(value)  # type: ignore[call-overload,no-any-return]


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}[_lower(value)]


def _lower(value: object) -> str:
    return _text(value).lower()


def _seconds(value: object) -> float:
    if isinstance(value, bool):
        raise TypeError
    seconds = float(value)  # type: ignore[arg-type]
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError
    return seconds


def _positive_seconds(value: object) -> float:
    if (seconds := _seconds(value)) == 0:
        raise ValueError
    return seconds


_READERS: dict[str, tuple[Callable[[object], object], str]] = {
    "endpoint": (_endpoint, "host:port, unix:/path or dns:///host:port"),
    "namespace": (_matching(r"[A-Za-z0-9._:/-]{1,128}"), "1 to 128 characters of A-Z a-z 0-9 . _ : / -"),
    "token": (_matching(r"[!-~]+"), "printable ASCII without spaces"),
    "cacert": (_path, "a PEM file"),
    "cert": (_path, "a PEM file"),
    "key": (_path, "a PEM file"),
    "ttl": (_positive_seconds, "seconds, over 0"),
    "enabled": (_switch, "true, false, 1 or 0"),
    "timeout": (_positive_seconds, "seconds, over 0"),
    "lease_wait": (_seconds, "seconds, 0 or more"),
}

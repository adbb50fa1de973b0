"""CacheConfig: the settings that CacheManager is documented with. Those of the tiers belong to the service now."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass

from .._log import warn_once
from .._settings import ClientSettings
from ..errors import SettingsError

# Settings of the service, which are read here only to be shown. No other file reads them.
_BACKEND = "PARACLE_CACHE_BACKEND"
_REDIS_URL = "PARACLE_CACHE_REDIS_URL"
_MAX_SIZE = "PARACLE_CACHE_MAX_SIZE"
_PREFIX = "PARACLE_CACHE_PREFIX"


@dataclass
class CacheConfig:
    """What CacheManager goes by.

    `backend`, `redis_url`, `max_memory_size` and `key_prefix` change nothing here: the service decides them.
    """

    enabled: bool = True
    backend: str = "memory"
    redis_url: str = "redis://localhost:6379/0"
    default_ttl: float = 3600
    """Seconds, over 0."""
    max_memory_size: int = 1000
    key_prefix: str = "paracle:llm:"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> CacheConfig:
        """From PARACLE_CACHE_ENABLED, _TTL, _BACKEND, _REDIS_URL, _MAX_SIZE and _PREFIX; empty counts as unset.

        Raises SettingsError, which names the variable, its value, and what is accepted.
        """
        source = os.environ if environ is None else environ
        client = ClientSettings.from_env(source)
        return cls(
            enabled=client.enabled,
            backend=source.get(_BACKEND) or cls.backend,
            redis_url=source.get(_REDIS_URL) or cls.redis_url,
            default_ttl=client.ttl or cls.default_ttl,
            max_memory_size=_whole_number(source, _MAX_SIZE, cls.max_memory_size),
            key_prefix=source.get(_PREFIX) or cls.key_prefix,
        )

    def tell_what_the_service_decides(self) -> None:
        """Logs once in a process that settings of the service stand here."""
        if dataclasses.replace(self, enabled=True, default_ttl=CacheConfig.default_ttl) != CacheConfig():
            warn_once(
                "CacheConfig: backend, redis_url, max_memory_size and key_prefix are without effect here: "
                "the service at PARACLE_CACHE_ENDPOINT decides them (MIGRATING.md)"
            )


def _whole_number(source: Mapping[str, str], variable: str, default: int) -> int:
    text = source.get(variable) or str(default)
    if not text.isdecimal():
        raise SettingsError(f"{variable}={text!r}: accepted is a whole number from 0")
    return int(text)

"""CacheManager: JSON values by string keys. For questions to a model, LLMCache has the better key.

Fails open: whatever is wrong with the cache, a get finds nothing and a set does nothing.
"""

from __future__ import annotations

import functools
import hashlib
from typing import Any

from ._log import warn_once
from ._values.cache_config import CacheConfig
from ._values.value_cache import CacheEntry, ValueCache
from .errors import SettingsError
from .failsafe import SafeCache
from .key import EntryId

__all__ = ["CacheConfig", "CacheEntry", "CacheManager", "get_cache_manager"]

_DOMAIN = b"paracle:manager:v1\0"


class CacheManager:
    """Gets and sets JSON values by string keys, in the namespace of PARACLE_CACHE_NAMESPACE. Thread-safe.

    config: None: from the environment; if that cannot be read, there is one warning and the cache is off.
    cache: used instead of the one that the process shares.
    """

    def __init__(self, config: CacheConfig | None = None, *, cache: SafeCache | None = None) -> None:
        self.config = _from_environment() if config is None else config
        self.config.tell_what_the_service_decides()
        self._values = ValueCache("CacheManager", cache, None)

    def get(self, key: str) -> Any | None:
        """The value, made of fresh objects; None if there is none."""
        entry = self.entry(key)
        return None if entry is None else entry.value

    def entry(self, key: str) -> CacheEntry | None:
        """The value with its times and number of hits; None if there is none."""
        entry = self._entry_id(key)
        return None if entry is None else self._values.get(entry)

    def set(self, key: str, value: Any, ttl: float | None = None) -> bool:
        """Stores a JSON value for `ttl` seconds (None or 0: `config.default_ttl`). False: not stored."""
        entry = self._entry_id(key)
        return entry is not None and self._values.set(entry, value, ttl or self.config.default_ttl)

    def delete(self, key: str) -> bool:
        """Forgets one value. True: the service did, whether or not it had one."""
        entry = self._entry_id(key)
        return entry is not None and self._values.forget(entry)

    def clear(self) -> bool:
        """Forgets everything in the namespace, answers of models too. True: the service did."""
        return self.config.enabled and self._values.clear()

    def stats(self) -> dict[str, Any]:
        """What the service counted in this namespace, or this object if it does not answer: see `source`."""
        return self._values.stats() if self.config.enabled else self._values.own_stats(enabled=False)

    def _entry_id(self, key: str) -> EntryId | None:
        if not self.config.enabled:
            return None
        try:
            return EntryId(hashlib.sha256(_DOMAIN + key.encode()).digest())
        except (AttributeError, UnicodeEncodeError):
            self._values.notices.warn(
                "key", f"a key is {key!r:.80}: a str without lone surrogates is accepted"
            )
            return None


@functools.cache
def get_cache_manager() -> CacheManager:
    """The CacheManager of this process, configured from the environment at the first call."""
    return CacheManager()


def _from_environment() -> CacheConfig:
    try:
        return CacheConfig.from_env()
    except SettingsError as error:
        warn_once(f"the cache is off: {error}")
        return CacheConfig(enabled=False)

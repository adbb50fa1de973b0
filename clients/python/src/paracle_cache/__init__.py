"""Client of Paracle Cache, which remembers what language models answered.

`Client` and `aio.Client` raise typed errors; `failsafe` and all that is built on it never raise because of the cache.
"""

from . import _fork as _fork  # First: it sets up gRPC for forks, which is too late once gRPC is imported.
from ._version import VERSION
from .client import Client
from .errors import CacheError, SettingsError
from .key import CacheKey, EntryId, KeyRefused
from .results import Hit, Miss, Origin

__version__ = VERSION

__all__ = [
    "CacheError",
    "CacheKey",
    "Client",
    "EntryId",
    "Hit",
    "KeyRefused",
    "Miss",
    "Origin",
    "SettingsError",
    "__version__",
]

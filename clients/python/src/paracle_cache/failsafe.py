"""The cache for agents: never raises because of the cache, and never waits for a sick one more than a few times.

After three calls in a row without an answer nothing is asked any more, until a health check in the background succeeds.
"""

from ._failsafe.async_cache import AsyncSafeCache
from ._failsafe.sync_cache import SafeCache

__all__ = ["AsyncSafeCache", "SafeCache"]

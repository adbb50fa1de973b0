"""Configuration: from the environment, or in code.

paracle-cache-server serves at PARACLE_CACHE_ENDPOINT (localhost:50051 unless told).
"""

from paracle_cache.cache_manager import CacheConfig, CacheManager, get_cache_manager
from paracle_cache.client import Client
from paracle_cache.failsafe import SafeCache
from paracle_cache.llm_cache import CacheKey, LLMCache


def main() -> None:
    config = CacheConfig.from_env()
    print(f"from the environment: enabled={config.enabled}, default_ttl={config.default_ttl:.0f} s")

    manager = get_cache_manager()  # configured by the environment alone
    manager.set("greeting", {"text": "Hi"})
    print("by a string key:", manager.get("greeting"))

    short = CacheManager(CacheConfig(default_ttl=60))
    short.set("greeting", {"text": "Hi, for a minute"})
    print("with a shorter life:", short.get("greeting"))

    # A namespace is one trust domain: what one team stores, another cannot see.
    with Client(namespace="team-a", timeout=0.2) as client:
        cache = LLMCache(ttl=600, cache=SafeCache(client))
        cache.set(CacheKey(provider="openai", model="gpt-4"), "an answer for team-a")
        limits = client.config().limits
        print(f"entries of at most {limits.max_entry_bytes >> 20} MiB, for {limits.max_ttl / 86400:.0f} days")


if __name__ == "__main__":
    main()

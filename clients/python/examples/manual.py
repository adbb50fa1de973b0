"""Looking up and storing by hand: a key, an answer, an invalidation.

paracle-cache-server serves at PARACLE_CACHE_ENDPOINT (localhost:50051 unless told).
"""

from typing import Any

from paracle_cache.llm_cache import CacheKey, get_llm_cache


def answer() -> dict[str, Any]:
    """Stands where your call to a provider is."""
    return {"choices": [{"message": {"role": "assistant", "content": "Hi there!"}}]}


def main() -> None:
    cache = get_llm_cache(ttl=3600)
    key = CacheKey(
        provider="openai",
        model="gpt-4",
        messages=[{"role": "user", "content": "Hello!"}],
        temperature=0.7,
    )
    print("key:", key.to_string())

    response = cache.get(key)
    if response is None:
        print("miss: the model is called")
        response = answer()
        print("stored:", cache.set(key, response, ttl=7200))
    print("hit:", cache.get(key) == response)

    entry = cache.entry(key)
    if entry is not None and entry.expires_at is not None:
        print(f"{entry.hit_count} hits; lives {(entry.expires_at - entry.created_at).total_seconds():.0f} s")

    print("forgotten:", cache.invalidate(key))
    print("and gone:", cache.get(key) is None)


if __name__ == "__main__":
    main()

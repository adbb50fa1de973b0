"""What the cache did: as the service counted it for everybody, and as this process did.

paracle-cache-server serves at PARACLE_CACHE_ENDPOINT (localhost:50051 unless told).
"""

import time
from typing import Any

from paracle_cache.decorators import cached_llm_call
from paracle_cache.llm_cache import get_llm_cache
from paracle_cache.pricing import Price
from paracle_cache.stats import CacheStatsTracker, get_stats_tracker

# What your provider charges you; there is no built-in list.
PRICES = {"gpt-4": Price(input_per_million=30.0, output_per_million=60.0)}


def answer(*request: Any) -> dict[str, Any]:
    """Stands where your call to a provider is."""
    time.sleep(0.1)
    message = {"role": "assistant", "content": f"Hi! You sent {len(str(request))} characters."}
    return {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 200, "completion_tokens": 100},
    }


@cached_llm_call(cost=PRICES)
def ask(provider: str, model: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    return answer(provider, model, messages)


def main() -> None:
    for _ in range(10):
        ask("openai", "gpt-4", [{"role": "user", "content": "Hello!"}])

    print("The decorator's calls in this process:")
    print(get_stats_tracker().summary())

    stats = get_llm_cache().stats()
    print(f"The {stats['source']}'s count: {stats['hits']} hits, ${stats['estimated_cost_saved']:.4f} saved")

    print("Recorded by hand:")
    tracker = CacheStatsTracker(max_cache_size=1000)
    tracker.record_miss(response_time_ms=800.0, tokens=300, cost=0.012)
    tracker.record_hit(response_time_ms=2.0, tokens=300)
    tracker.update_cache_size(1)
    print(tracker.summary())


if __name__ == "__main__":
    main()

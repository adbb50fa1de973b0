"""Warming: what is known to be asked is answered before anybody does, in batches.

paracle-cache-server serves at PARACLE_CACHE_ENDPOINT (localhost:50051 unless told).
"""

import json
from typing import Any

from paracle_cache.client import Client
from paracle_cache.decorators import cached_llm_call, key_of
from paracle_cache.errors import CacheError
from paracle_cache.results import SetItem

FREQUENT = ("How do I reset my password?", "Where is my invoice?", "How do I cancel?")


@cached_llm_call(ttl=86_400)
def ask(provider: str, model: str, messages: list[dict[str, Any]]) -> dict[str, str]:
    raise RuntimeError(f"after warming, nobody asks {provider}'s {model} about {messages}")


def question(text: str) -> dict[str, Any]:
    return {"provider": "openai", "model": "gpt-4", "messages": [{"role": "user", "content": text}]}


def warm() -> None:
    """Answers everything at once; `Client` raises and tells where the layers above it are silent."""
    items = [
        SetItem(
            key_of(ask, **question(text)),
            json.dumps({"text": f"The answer to: {text}"}).encode(),
            content_type="application/json",
            tags=("faq",),
        )
        for text in FREQUENT
    ]
    with Client(timeout=5) as client:
        refused = [result for result in client.batch_set(items) if isinstance(result, CacheError)]
    print(f"{len(items) - len(refused)} of {len(items)} warmed")


def main() -> None:
    warm()
    for text in FREQUENT:
        print(ask(**question(text))["text"])

    # The answers changed: away with them, by the tag.
    with Client() as client:
        print(client.invalidate(tag="faq").count, "forgotten")


if __name__ == "__main__":
    main()

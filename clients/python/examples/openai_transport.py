"""OpenAI's SDK with the cache below it: no call changes, and the second answer is not paid for.

OPENAI_API_KEY is yours; paracle-cache-server serves at PARACLE_CACHE_ENDPOINT (localhost:50051 unless told).
"""

import httpx
from openai import OpenAI

from paracle_cache.httpx import CachingTransport  # or paracle_cache.httpx2, for a client of httpx2
from paracle_cache.pricing import Price

PRICES = {"gpt-4o-mini": Price(input_per_million=0.15, output_per_million=0.60)}


def main() -> None:
    with httpx.Client(transport=CachingTransport(ttl=3600, cost=PRICES)) as http:
        client = OpenAI(http_client=http)
        for extra_headers in ({}, {}, {"x-paracle-cache": "bypass"}):
            response = client.chat.completions.with_raw_response.create(
                model="gpt-4o-mini",
                messages=[{"role": "user", "content": "Say hello in one word."}],
                extra_headers=extra_headers,
            )
            print(f"{response.headers['x-paracle-cache']}: {response.parse().choices[0].message.content}")


if __name__ == "__main__":
    main()

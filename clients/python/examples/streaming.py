"""A streamed answer: it arrives as the model writes it, and is replayed event by event from then on.

OPENAI_API_KEY is yours; paracle-cache-server serves at PARACLE_CACHE_ENDPOINT (localhost:50051 unless told).
"""

import time

import httpx
from openai import OpenAI

from paracle_cache.httpx import CachingTransport


def main() -> None:
    with httpx.Client(transport=CachingTransport()) as http:
        client = OpenAI(http_client=http)
        for _ in range(2):
            began = time.monotonic()
            stream = client.chat.completions.create(
                model="gpt-4o-mini",
                messages=[{"role": "user", "content": "Count to ten."}],
                stream=True,
            )
            chunks = 0
            for chunk in stream:
                chunks += 1
                for choice in chunk.choices:
                    print(choice.delta.content or "", end="", flush=True)
            outcome = stream.response.headers["x-paracle-cache"]
            print(f"\n{outcome}: {chunks} chunks in {(time.monotonic() - began) * 1000:.0f} ms")


if __name__ == "__main__":
    main()

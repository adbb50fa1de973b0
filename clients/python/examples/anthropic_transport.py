"""Anthropic's SDK on asyncio with the cache below it. The event loop is never blocked.

ANTHROPIC_API_KEY is yours; paracle-cache-server serves at PARACLE_CACHE_ENDPOINT (localhost:50051 unless told).
"""

import asyncio

import httpx2
from anthropic import AsyncAnthropic

from paracle_cache.httpx2 import AsyncCachingTransport


async def main() -> None:
    async with httpx2.AsyncClient(transport=AsyncCachingTransport(tags=["greetings"])) as http:
        client = AsyncAnthropic(http_client=http)
        for _ in range(2):
            response = await client.messages.with_raw_response.create(
                model="claude-haiku-4-5",
                max_tokens=100,
                messages=[{"role": "user", "content": "Say hello in one word."}],
            )
            message = await response.parse()
            print(f"{response.headers['x-paracle-cache']}: {message.content}")


if __name__ == "__main__":
    asyncio.run(main())

"""The decorator: the same question is answered once, streams too.

paracle-cache-server serves at PARACLE_CACHE_ENDPOINT (localhost:50051 unless told).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any

from paracle_cache.decorators import cached_llm_call
from paracle_cache.stats import get_stats_tracker


async def answer(*request: Any) -> dict[str, Any]:
    """Stands where your call to a provider is."""
    await asyncio.sleep(0.5)
    message = {"role": "assistant", "content": f"Hi! You sent {len(str(request))} characters."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"object": "chat.completion", "choices": [choice]}


@cached_llm_call(ttl=1800)
async def call_openai(
    provider: str,
    model: str,
    messages: list[dict[str, Any]],
    temperature: float = 0.7,
    max_tokens: int | None = None,
) -> dict[str, Any]:
    return await answer(provider, model, messages, temperature, max_tokens)


class OpenAIProvider:
    """The class names the provider. Further arguments are passed on, and another tool is another question."""

    @cached_llm_call(ttl=3600)
    async def chat_completion(
        self, model: str, messages: list[dict[str, Any]], temperature: float = 0.7, **kwargs: Any
    ) -> dict[str, Any]:
        return await answer(model, messages, temperature, kwargs)

    @cached_llm_call(ttl=3600)
    async def stream(self, model: str, messages: list[dict[str, Any]]) -> AsyncIterator[str]:
        for word in ("Hi", " there", f", you of {len(messages)} message", " to ", model):
            await asyncio.sleep(0.1)
            yield word


async def timed(title: str, call: Awaitable[Any]) -> None:
    began = time.perf_counter()
    await call
    print(f"{title}: {time.perf_counter() - began:.3f} s")


async def read(stream: AsyncIterator[str]) -> None:
    print("".join([word async for word in stream]))


async def main() -> None:
    messages = [{"role": "user", "content": "Hello!"}]
    for title in ("first call", "same call"):
        await timed(title, call_openai("openai", "gpt-4", messages))

    provider = OpenAIProvider()
    for title, tools in (("no tools", []), ("no tools again", []), ("other tools", [{"name": "search"}])):
        await timed(title, provider.chat_completion("gpt-4", messages, tools=tools))
    for title in ("first stream", "same stream"):
        await timed(title, read(provider.stream("gpt-4", messages)))

    print(get_stats_tracker().summary())


if __name__ == "__main__":
    asyncio.run(main())

"""Times hits of the Python client beside a bare grpcio call, and prints a JSON object.

  python_hits.py CACHE_ENDPOINT NOOP_ENDPOINT ROUNDS CALLS

Three ways to 4 KiB, in turn, call by call: a unary call of grpcio on the no-op server, with bytes in and bytes out;
`Client.get` on the cache; a decorated function whose answer is there. Printed are the median seconds of each round.
"""

import json
import statistics
import sys
import time

import grpc

from paracle_cache.client import Client
from paracle_cache.decorators import cached_llm_call
from paracle_cache.failsafe import SafeCache
from paracle_cache.key import CacheKey
from paracle_cache.results import Hit

PAYLOAD_BYTES = 4096
MESSAGES = [{"role": "user", "content": "Hello!"}]


def answer_of_size(size: int) -> dict:
    """A chat completion that is `size` bytes as compact JSON."""
    message = {"role": "assistant", "content": ""}
    answer = {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 900},
    }
    message["content"] = "x" * (size - len(json.dumps(answer, separators=(",", ":"))))
    return answer


def bare_call(endpoint: str, request: bytes):
    call = grpc.insecure_channel(endpoint).unary_unary("/paracle.cache.v1.CacheService/Get")
    return lambda: call(request, timeout=0.5)


def get(client: Client):
    def look_up():
        key = CacheKey("openai", "gpt-4", MESSAGES, 0.7)
        assert isinstance(client.get(key), Hit)

    return look_up


def decorated(cache: SafeCache):
    calls = [0]

    @cached_llm_call(cache=cache)
    def ask(provider, model, messages, temperature=0.7, max_tokens=None, **kwargs):
        calls[0] += 1
        return answer_of_size(PAYLOAD_BYTES)

    def look_up():
        ask("openai", "gpt-4", MESSAGES)
        assert calls[0] == 1, "a call missed"

    return look_up


def median_seconds(ways: dict, calls: int) -> dict[str, float]:
    """Of each way, asked in turn, call by call."""
    times = {name: [] for name in ways}
    for i in range(calls):
        for name in sorted(ways, reverse=i % 2 == 1):
            began = time.perf_counter()
            ways[name]()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    cache_endpoint, noop_endpoint, rounds, calls = *sys.argv[1:3], int(sys.argv[3]), int(sys.argv[4])
    client = Client(cache_endpoint, timeout=5)
    # As long as what the client sends for a digest; the no-op server does not read it.
    request = b"\x0a\x34" + b"x" * 52
    ways = {"decorated": decorated(SafeCache(client)), "get": get(client), "bare": bare_call(noop_endpoint, request)}
    ways["decorated"]()  # stores
    median_seconds(ways, calls // 4 + 1)
    rounds = [median_seconds(ways, calls) for _ in range(rounds)]
    print(json.dumps({name: [medians[name] for medians in rounds] for name in ways}))


if __name__ == "__main__":
    main()

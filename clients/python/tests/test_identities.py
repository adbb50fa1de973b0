"""A thread pool and an event loop in one process, two identities: every answer goes to whose question it was."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor

from paracle_cache import CacheKey, Client, Hit, aio

CALLS = int(os.environ.get("PARACLE_TEST_CALLS", "20000"))
QUESTIONS = 64
IDENTITIES = ("one", "two")
KEYS = [CacheKey(provider="p", model="m", params={"n": number}).entry_id() for number in range(QUESTIONS)]
WORKERS = 8


def answer(identity: str, number: int) -> bytes:
    return f"{identity}/{number}".encode() * 40


def test_no_answer_is_crossed(shared_server):
    """PARACLE_TEST_CALLS=100000 for the whole proof."""
    arguments = {"endpoint": shared_server.address, "timeout": 30}
    clients = {name: Client(namespace=f"identity-{name}", token=name, **arguments) for name in IDENTITIES}
    for name, client in clients.items():
        for number, key in enumerate(KEYS):
            client.set(key, answer(name, number))
    right: list[int] = []

    def judge(name: str, number: int, found: object) -> int:
        assert isinstance(found, Hit)
        assert found.payload == answer(name, number)
        return 1

    def in_thread(worker: int) -> int:
        count = 0
        for call in range(CALLS // 2 // WORKERS):
            name, number = IDENTITIES[call % 2], (call * 7 + worker) % QUESTIONS
            count += judge(name, number, clients[name].get(KEYS[number]))
        return count

    async def in_loop() -> int:
        apart = {
            name: aio.Client(namespace=f"identity-{name}", token=name, **arguments) for name in IDENTITIES
        }

        async def work(worker: int) -> int:
            count = 0
            for call in range(CALLS // 2 // WORKERS):
                name, number = IDENTITIES[(call + worker) % 2], (call * 5 + worker) % QUESTIONS
                count += judge(name, number, await apart[name].get(KEYS[number]))
            return count

        counts = await asyncio.gather(*(work(worker) for worker in range(WORKERS)))
        for client in apart.values():
            await client.close()
        return sum(counts)

    loop = threading.Thread(target=lambda: right.append(asyncio.run(in_loop())))
    loop.start()
    with ThreadPoolExecutor(WORKERS) as pool:
        right.extend(pool.map(in_thread, range(WORKERS)))
    loop.join()
    for client in clients.values():
        client.close()
    assert sum(right) == CALLS // 2 // WORKERS * WORKERS * 2

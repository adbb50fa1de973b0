"""The time that all processes of the drill share, of any language: seconds since 1970."""

import asyncio
import time


def now() -> float:
    return time.time()


async def sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - now()))

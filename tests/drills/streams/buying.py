"""What agents in Python do: a decorated generator, or an httpx client with the cache's transport."""

import asyncio
import dataclasses
import hashlib
import os
from collections.abc import AsyncIterator, Callable

import httpx

from . import clocks
from .provider import body_of

_PATIENCE = httpx.Timeout(60)
# An RPC of the clients may take so many seconds: a busy machine is not to look like a sick service.
CLIENT_SETTINGS = {"PARACLE_CACHE_TIMEOUT": "5"}


@dataclasses.dataclass
class Bought:
    first: float = 0.0  # Seconds from asking to the first piece.
    sha256: str = ""
    error: str = ""


@dataclasses.dataclass(frozen=True)
class Buying:
    """A job: asks at these moments of the shared clock. A process asks one replica, as its environment says."""

    address: str
    url: str
    question: str
    moments: list[float]
    decorated: bool

    async def run(self, tell: Callable[[str], None]) -> list[Bought]:
        os.environ |= CLIENT_SETTINGS | {"PARACLE_CACHE_ENDPOINT": self.address}
        ask = _decorated(self.url) if self.decorated else _through_transport(self.url)
        tell("ready")
        return list(await asyncio.gather(*(self._buy(ask, moment) for moment in self.moments)))

    async def _buy(self, ask: Callable[[str], AsyncIterator[bytes]], moment: float) -> Bought:
        await clocks.sleep_until(moment)
        began = clocks.now()
        bought = Bought()
        everything = hashlib.sha256()
        try:
            async for piece in ask(self.question):
                bought.first = bought.first or clocks.now() - began
                everything.update(piece)
            bought.sha256 = everything.hexdigest()
        except Exception as error:  # Whatever it was, this reader has no answer.
            bought.error = f"{type(error).__name__}: {error}"
        return bought


def _decorated(url: str) -> Callable[[str], AsyncIterator[bytes]]:
    from paracle_cache.decorators import cached_llm_call

    @cached_llm_call(provider="fake")
    async def ask(question: str) -> AsyncIterator[str]:
        async with httpx.AsyncClient(timeout=_PATIENCE) as client:
            async for piece in _stream(client, url, question):
                yield piece.decode()

    async def as_bytes(question: str) -> AsyncIterator[bytes]:
        async for piece in ask(question):
            yield piece.encode()

    return as_bytes


def _through_transport(url: str) -> Callable[[str], AsyncIterator[bytes]]:
    from paracle_cache.httpx import AsyncCachingTransport

    client = httpx.AsyncClient(transport=AsyncCachingTransport(), timeout=_PATIENCE)
    return lambda question: _stream(client, url, question)


async def _stream(client: httpx.AsyncClient, url: str, question: str) -> AsyncIterator[bytes]:
    headers = {"content-type": "application/json"}
    async with client.stream("POST", url, content=body_of(question).encode(), headers=headers) as response:
        response.raise_for_status()
        async for piece in response.aiter_bytes():
            yield piece

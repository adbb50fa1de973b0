"""A worker that plays rounds of lease, Invalidate and late Set against all replicas, at random, and judges what
happened to each question."""

import asyncio
import dataclasses
import random
import time

import grpc
from paracle_cache._proto import cache_pb2 as pb
from paracle_cache._proto.cache_pb2_grpc import CacheServiceStub
from paracle_cache.errors import from_rpc

from ..support.worker import Link
from .history import History, Operation
from .questions import entry_of, lease_request, name_of

HOLD = 30.0  # Seconds. No lease runs out here.
HEARD_WITHIN = 2.0  # Seconds. P7's hard bound.
_PLAYERS = 16
_QUESTIONS = 8
_TIMEOUT = 10.0
_REFUSED = {"LEASE_LOST": "lost", "STALE_FILL_TOKEN": "stale"}


@dataclasses.dataclass(frozen=True)
class Game:
    rounds: int
    first: int  # The number of the first of its QUESTIONS.
    seed: int
    # False: rounds of lease and release, and Invalidates of other questions. Two leases at once have no excuse then.
    invalidates: bool

    QUESTIONS = _QUESTIONS


@dataclasses.dataclass
class Score:
    rounds: int = 0
    operations: int = 0
    hits: int = 0
    late_refused: int = 0
    late_stored: int = 0
    failed: int = 0
    lags: list[float] = dataclasses.field(default_factory=list)
    violations: list[str] = dataclasses.field(default_factory=list)
    told: list[str] = dataclasses.field(default_factory=list)  # The first failures.

    def add(self, other: "Score") -> None:
        for field in dataclasses.fields(Score):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def playing(link: Link, addresses: list[str]) -> None:
    """The work of a Worker: game after game."""
    asyncio.run(_play(link, addresses))


async def _play(link: Link, addresses: list[str]) -> None:
    channels = [grpc.aio.insecure_channel(address) for address in addresses]
    for channel in channels:
        await channel.channel_ready()
    stubs = [CacheServiceStub(channel) for channel in channels]
    link.send("ready")
    while isinstance(game := await link.areceive(), Game):
        link.send(await _Table(stubs, game).play())


class _Table:
    """One game."""

    def __init__(self, stubs: list[CacheServiceStub], game: Game):
        self._stubs = stubs
        self._game = game
        self._left = game.rounds
        self._chance = random.Random(game.seed)
        self._histories: dict[str, list[Operation]] = {name_of(game.first + i): [] for i in range(_QUESTIONS)}
        self._entries = {name: entry_of(name) for name in self._histories}
        self._score = Score()

    async def play(self) -> Score:
        await asyncio.gather(*(self._play_rounds() for _ in range(_PLAYERS)))
        for name, history in self._histories.items():
            self._judge(name, history)
        return self._score

    async def _play_rounds(self) -> None:
        while self._left > 0:
            self._left -= 1
            name = self._chance.choice(list(self._histories))
            fill = await self._take(name)
            if not self._game.invalidates:
                await asyncio.gather(self._release_later(name, fill), self._invalidate_another())
            elif self._chance.random() < 0.5:
                await self._end_late(name, fill)
            else:
                await asyncio.gather(self._invalidate_later(name), self._end_later(name, fill), self._get_later(name))
            await self._get(name)
            self._score.rounds += 1

    async def _take(self, name: str) -> bytes:
        """A lease; what is stored is invalidated before."""
        while True:
            how, token = await self._ask(name)
            if how == "lease":
                return token
            if how == "hit" and self._chance.random() < 0.5:
                await self._invalidate(name)

    async def _end_late(self, name: str, token: bytes) -> None:
        await self._invalidate(name)
        await self._think()
        await self._end(name, token)

    async def _end_later(self, name: str, token: bytes) -> None:
        await self._think()
        await self._end(name, token)

    async def _end(self, name: str, token: bytes) -> None:
        await (self._release(name, token) if self._chance.random() < 0.05 else self._set(name, token))

    async def _invalidate_later(self, name: str) -> None:
        await self._think()
        if self._chance.random() < 0.8:
            await self._invalidate(name)

    async def _release_later(self, name: str, token: bytes) -> None:
        await self._think()
        await self._release(name, token)

    async def _invalidate_another(self) -> None:
        await self._think()
        request = pb.InvalidateRequest(digest=entry_of("another").digest)
        await self._call(self._stubs[self._replica()].Invalidate, request)

    async def _get_later(self, name: str) -> None:
        await self._think()
        await self._get(name)

    async def _think(self) -> None:
        if most := self._chance.choice((0, 0.002, 0.02)):
            await asyncio.sleep(self._chance.uniform(0, most))

    async def _ask(self, name: str) -> tuple[str, bytes]:
        request = lease_request(name, wait=self._chance.choice((0, 0.01, 0.1)), hold=HOLD)
        replica, begin = self._replica(), time.monotonic()
        response = await self._call(self._stubs[replica].Get, request)
        how = response.WhichOneof("outcome") if response else "unknown"
        token = response.lease.fill_token if how == "lease" else b""
        fill = response.hit.payload.decode() if how == "hit" else token.hex()
        self._note(name, Operation("ask", how, begin, time.monotonic(), replica, fill))
        self._score.hits += how == "hit"
        return how, token

    async def _get(self, name: str) -> None:
        request = pb.GetRequest(entry=self._entries[name])
        replica, begin = self._replica(), time.monotonic()
        response = await self._call(self._stubs[replica].Get, request)
        how = response.WhichOneof("outcome") if response else "unknown"
        fill = response.hit.payload.decode() if how == "hit" else ""
        self._note(name, Operation("get", how, begin, time.monotonic(), replica, fill))
        self._score.hits += how == "hit"

    async def _set(self, name: str, token: bytes) -> None:
        request = pb.SetRequest(entry=self._entries[name], fill_token=token, payload=token.hex().encode())
        replica, begin = self._replica(), time.monotonic()
        try:
            await self._stubs[replica].Set(request, timeout=_TIMEOUT)
            how = "stored"
        except grpc.aio.AioRpcError as error:
            how = _REFUSED.get(from_rpc(error).reason) or self._failed(error)
        self._note(name, Operation("set", how, begin, time.monotonic(), replica, token.hex()))

    async def _release(self, name: str, token: bytes) -> None:
        request = pb.ReleaseLeaseRequest(entry=self._entries[name], fill_token=token)
        replica, begin = self._replica(), time.monotonic()
        response = await self._call(self._stubs[replica].ReleaseLease, request)
        how = "unknown" if response is None else "done"
        self._note(name, Operation("release", how, begin, time.monotonic(), replica, token.hex()))

    async def _invalidate(self, name: str) -> None:
        request = pb.InvalidateRequest(digest=self._entries[name].digest)
        replica, begin = self._replica(), time.monotonic()
        response = await self._call(self._stubs[replica].Invalidate, request)
        how = "unknown" if response is None else "done"
        self._note(name, Operation("invalidate", how, begin, time.monotonic(), replica))

    async def _call(self, rpc, request):
        try:
            return await rpc(request, timeout=_TIMEOUT)
        except grpc.aio.AioRpcError as error:
            self._failed(error)
            return None

    def _failed(self, error: grpc.aio.AioRpcError) -> str:
        self._score.failed += 1
        self._score.told += [f"{error.code().name}: {error.details()}"] if self._score.failed <= 3 else []
        return "unknown"

    def _replica(self) -> int:
        return self._chance.randrange(len(self._stubs))

    def _note(self, name: str, operation: Operation) -> None:
        self._histories[name].append(operation)
        self._score.operations += 1

    def _judge(self, name: str, history: list[Operation]) -> None:
        findings = History(history, HOLD, HEARD_WITHIN).judge()
        self._score.late_refused += findings.late_refused
        self._score.late_stored += findings.late_stored
        self._score.lags += findings.lags
        for violation in findings.violations:
            told = ", ".join(map(_shown, violation.operations))
            self._score.violations.append(f"{name}: {violation.rule}: {told}")


def _shown(operation: Operation) -> str:
    fill = f" {operation.fill[-8:]}" if operation.fill else ""
    return (f"{operation.kind} {operation.how}{fill} at {operation.replica} "
            f"[{operation.begin:.6f}, {operation.end:.6f}]")

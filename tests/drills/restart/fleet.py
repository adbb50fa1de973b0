"""Three replicas behind one name, which are replaced one by one as a Deployment replaces its pods: a new one at an
address of its own is there before an old one is told to go."""

import contextlib
import itertools
import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from paracle_cache import CacheError, Client
from support.ports import free_port
from support.redis_server import running_redis
from support.server_process import ServerProcess

from ..support.stage import REPLICAS, await_that
from .name_server import NameServer

# As a chart's `minReadySeconds`. All three are replaced in half of the 30 s that gRPC lets pass between two lookups of a
# name, unless a client says otherwise.
SECONDS_BETWEEN = 5.0
# So that a client that has not yet heard that a replica goes is still answered by it.
DRAIN_DELAY = 2.0


class Replica:
    def __init__(self, address: str, process: ServerProcess):
        self.address = address
        self.process = process


class Fleet:
    def __init__(self, names: NameServer, flags: tuple[str, ...], access: Mapping[str, str]):
        """`access`: what a client needs besides the endpoint, by the names of its arguments."""
        self._names = names
        self._flags = flags
        self._access = access
        self._port = free_port()
        self._numbers = itertools.count(2)
        self._replicas = [self._start() for _ in range(REPLICAS)]
        self.exit_codes: list[int] = []
        self.seconds_to_go: list[float] = []

    @property
    def endpoint(self) -> str:
        return self._names.target(self._port)

    @property
    def addresses(self) -> list[str]:
        """With the port."""
        return [replica.process.address for replica in self._replicas]

    def restart_all(self, pause: float = SECONDS_BETWEEN) -> None:
        """One rolling restart."""
        for place in range(REPLICAS):
            began = time.monotonic()
            fresh = self._start()
            old, self._replicas[place] = self._replicas[place], fresh
            self._names.remove(old.address)
            told = time.monotonic()
            self.exit_codes.append(old.process.stop())
            self.seconds_to_go.append(time.monotonic() - told)
            time.sleep(max(0.0, began + pause - time.monotonic()))

    def kill(self) -> None:
        for replica in self._replicas:
            replica.process.process.kill()
            replica.process.process.wait()

    def _start(self) -> Replica:
        number = next(self._numbers)
        address = f"127.0.{number // 250}.{number % 250 + 1}"
        process = self._run(f"{address}:{self._port}")
        await_that("a new replica is ready", lambda: self._serves(process.address))
        self._names.add(address)
        return Replica(address, process)

    def _run(self, listen: str) -> ServerProcess:
        """Tries again, as a kubelet does: certificate and key may not belong together just now."""
        give_up = time.monotonic() + 20
        while True:
            try:
                return ServerProcess(*self._flags, "--drain-delay", f"{DRAIN_DELAY:g}s", listen=listen)
            except RuntimeError:
                if time.monotonic() > give_up:
                    raise
            time.sleep(0.5)

    def _serves(self, address: str) -> bool:
        with Client(address, **self._access) as client, contextlib.suppress(CacheError):
            return client.health()
        return False


@contextlib.contextmanager
def running_fleet(*flags: str, access: Mapping[str, str] = MappingProxyType({})) -> Iterator[Fleet]:
    with running_redis() as redis, NameServer() as names:
        fleet = Fleet(names, ("--backend", "redis", "--redis-url", redis.url, *flags), access)
        try:
            yield fleet
        finally:
            fleet.kill()
